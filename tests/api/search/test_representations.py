"""How results are represented (PS3.18 8.7.4, 10.6.3.3), and what HEAD tells."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pytest

from tests.api.answers import assert_problem
from tests.api.in_process import InProcessClient
from tests.multipart_answers import boundary_of, split_parts
from tests.reference.archive import LEVELS
from tests.reference.serving import target

XML = 'multipart/related; type="application/dicom+xml"'
TAKEN_AS_JSON = [
    "application/dicom+json",
    "application/dicom+json, application/json",
    "*/*",
    "application/*",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "multipart/related; type=application/dicom+xml; q=0.5, application/dicom+json",
]


@pytest.mark.parametrize("accept", TAKEN_AS_JSON)
def test_json_is_given_to_who_takes_it(hand_made: InProcessClient, accept: str) -> None:
    answer = hand_made.get("/studies", accept=accept)
    assert answer.headers["content-type"] == "application/dicom+json"
    assert len(answer.json()) == 30


@pytest.mark.parametrize("level", LEVELS)
def test_xml_has_one_part_for_each_result_in_the_same_order(hand_made: InProcessClient, level: str) -> None:
    path = f"{target(level)}?PatientName=*a*&includefield=all"
    rows = hand_made.get(path).json()
    answer = hand_made.get(path, accept=XML)
    assert answer.status_code == 200
    assert 'type="application/dicom+xml"' in answer.headers["content-type"]
    parts = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    assert all(part.headers["content-type"] == "application/dicom+xml" for part in parts)
    models = [ET.fromstring(part.body) for part in parts]
    assert [_public(element.attrib["tag"] for element in model) for model in models] == [_public(row) for row in rows]
    for tag in ("00100020", "0020000D"):
        assert [model.findtext(f"./*[@tag='{tag}']/{{*}}Value") for model in models] == [
            row[tag].get("Value", [None])[0] for row in rows
        ]


def _public(tags: Iterable[str]) -> set[str]:
    """Without private ones, whose tags are written without their block in XML (PS3.19 A.1.5)."""
    return {tag for tag in tags if int(tag[:4], 16) % 2 == 0}


@pytest.mark.parametrize("level", LEVELS)
def test_no_match_in_xml_is_an_answer_without_content(hand_made: InProcessClient, level: str) -> None:
    answer = hand_made.get(f"{target(level)}?PatientID=nobody", accept=XML)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/dicom%2Bjson", "application/dicom+json"),
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("*/*", "application/dicom+json"),
        ("multipart/related;%20type=%22application/dicom%2Bxml%22", "multipart/related"),
    ],
)
def test_the_query_parameter_accept_replaces_the_header(
    hand_made: InProcessClient, accept: str, media_type: str
) -> None:
    answer = hand_made.get(f"/studies?limit=1&accept={accept}", accept="image/png")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("accept", ["image/png", "application/dicom", 'multipart/related; type="application/dicom"'])
def test_anything_else_is_not_acceptable(hand_made: InProcessClient, level: str, accept: str) -> None:
    assert_problem(hand_made.get(target(level), accept=accept), 406, "application/dicom+json")


@pytest.mark.parametrize("level", LEVELS)
def test_head_tells_what_get_would_without_the_body(hand_made: InProcessClient, level: str) -> None:
    path = f"{target(level)}?limit=2"
    told, given = hand_made.request("HEAD", path), hand_made.get(path)
    assert told.status_code == given.status_code == 200
    assert told.content == b""
    for name in ("content-type", "link", "x-total-count", "warning", "etag"):
        assert told.headers.get(name) == given.headers.get(name)


def test_an_entity_tag_saves_the_second_answer(hand_made: InProcessClient) -> None:
    first = hand_made.get("/studies?PatientID=A1")
    again = hand_made.get("/studies?PatientID=A1", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert hand_made.get("/studies?PatientID=a1", if_none_match=first.headers["etag"]).status_code == 200


def test_results_are_compressed_for_who_takes_gzip(hand_made: InProcessClient) -> None:
    plain = hand_made.get("/instances", accept_encoding="identity")
    zipped = hand_made.get("/instances", accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.json() == plain.json()
