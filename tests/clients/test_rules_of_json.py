"""What clients need of JSON answers: rules 8 to 20 of the survey of clients, each by its number."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.clients.raw_http import RawAnswer, get, send
from tests.examples import GERMAN, JAPANESE, NATIVE, example, examples, new_instance, part10
from tests.live_server import LiveServer
from tests.multipart_requests import CONTENT_TYPE, store_body

ELEMENT_KEYS = {"vr", "Value", "BulkDataURI", "InlineBinary"}
BULK_DATA_VRS = {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "UT", "UC", "UR", "ST", "LT"}

STUDY_LIST_KEYS = {
    *("00080020", "00080030", "00080050", "00080061", "00080090"),
    *("00100010", "00100020", "0020000D", "00201208"),
}
"""What OHIF's study list reads of every row without asking for it."""


@pytest.mark.parametrize("path", ["/studies", "/series", "/instances"])
def test_rule_8_an_empty_search_is_200_with_an_empty_array(example_server: LiveServer, path: str) -> None:
    answer = get(example_server, f"{path}?PatientID=nobody")
    assert (answer.status, answer.content_type, answer.body) == (200, "application/dicom+json", b"[]")


def test_rule_9_a_store_answer_is_an_object_whose_content_type_has_no_parameter(server: LiveServer) -> None:
    answer = _store(server, new_instance())
    assert answer.content_type == "application/dicom+json"
    assert isinstance(answer.json(), dict)
    assert Dataset.from_json(answer.body).ReferencedSOPSequence


def test_rule_10_store_is_200_for_all_202_for_some_409_for_none(server: LiveServer) -> None:
    good, nameless = new_instance(), new_instance()
    del nameless.SeriesInstanceUID
    assert _store(server, good).status == 200
    assert _store(server, new_instance(), nameless).status == 202
    refused = _store(server, nameless)
    assert refused.status == 409
    [item] = Dataset.from_json(refused.body).FailedSOPSequence
    assert item.ReferencedSOPInstanceUID == nameless.SOPInstanceUID


def test_rule_10_each_stored_instance_has_its_retrieve_url(server: LiveServer) -> None:
    data_set = new_instance()
    [item] = _store(server, data_set).json()["00081199"]["Value"]
    [url] = item["00081190"]["Value"]
    assert url == f"{server.root}{_path(data_set)}"
    assert get(server, url).status == 200


def test_rule_11_storing_the_same_instance_again_is_a_success(server: LiveServer) -> None:
    data_set = new_instance()
    first, second = _store(server, data_set), _store(server, data_set)
    assert (first.status, second.status) == (200, 200)
    assert first.json() == second.json()
    assert len(get(server, f"/studies/{data_set.StudyInstanceUID}/instances").json()) == 1


def test_rule_12_tags_are_eight_upper_case_hexadecimal_digits(example_server: LiveServer) -> None:
    keys = {key for document in _documents(example_server) for key, _ in _elements(document)}
    assert {key for key in keys if not re.fullmatch(r"[0-9A-F]{8}", key)} == set()


def test_rule_13_series_rows_name_their_study_and_instance_rows_their_series(example_server: LiveServer) -> None:
    source = example(NATIVE)
    paths = ["/series", f"/studies/{source.study}/series"]
    assert all("0020000D" in row for path in paths for row in get(example_server, path).json())
    series = source.url_path.partition("/instances")[0]
    paths = ["/instances", f"/studies/{source.study}/instances", f"{series}/instances"]
    rows = [row for path in paths for row in get(example_server, path).json()]
    assert all({"0020000D", "0020000E", "00080018"} <= row.keys() for row in rows)


@pytest.mark.parametrize("query", ["", "?includefield=all", "?includefield=00080018,0020000E"])
def test_rule_13_rows_hold_nothing_of_a_lower_level(example_server: LiveServer, query: str) -> None:
    assert not any({"0020000E", "00080018"} & row.keys() for row in get(example_server, f"/studies{query}").json())
    assert not any("00080018" in row for row in get(example_server, f"/series{query}").json())


@pytest.mark.parametrize(("path", "key"), [("/series", "0020000E"), ("/instances", "00080018")])
def test_rule_13_attributes_of_the_patient_and_study_are_returned_on_request(
    example_server: LiveServer, path: str, key: str
) -> None:
    source = example(NATIVE)
    uid = {"0020000E": source.series, "00080018": source.instance}[key]
    fields = "00100020,00100010,00100040,0020000D,00080020,00081030,00200010"
    [row] = get(example_server, f"{path}?{key}={uid}&includefield={fields}").json()
    assert row["00100020"]["Value"] == ["1CT1"]
    assert row["00100010"]["Value"] == [{"Alphabetic": "CompressedSamples^CT1"}]
    assert row["00100040"]["Value"] == ["O"]
    assert row["0020000D"]["Value"] == [source.study]
    assert row["00080020"]["Value"] == ["20040119"]
    assert row["00081030"]["Value"] == ["e+1"]
    assert row["00200010"]["Value"] == ["1CT1"]


@pytest.mark.parametrize(
    ("path", "tag", "attribute"),
    [("/studies", "0020000D", "study"), ("/series", "0020000E", "series"), ("/instances", "00080018", "instance")],
)
def test_rule_14_pages_hold_every_result_once_in_a_stable_order(
    example_server: LiveServer, path: str, tag: str, attribute: str
) -> None:
    whole = [row[tag]["Value"][0] for row in get(example_server, path).json()]
    paged: list[str] = []
    while page := get(example_server, f"{path}?limit=5&offset={len(paged)}").json():
        paged += [row[tag]["Value"][0] for row in page]
    assert paged == whole
    assert sorted(whole) == sorted({getattr(source, attribute) for source in examples()})


def test_rule_15_every_element_can_be_loaded_by_pydicom(example_server: LiveServer) -> None:
    for document in _documents(example_server):
        for key, element in _elements(document):
            assert element["vr"], key
            assert element.keys() <= ELEMENT_KEYS
            assert len(element.keys() - {"vr"}) <= 1, "Value, BulkDataURI and InlineBinary exclude one another"
            assert isinstance(element.get("Value", []), list)
            assert not (element["vr"] == "SQ" and "BulkDataURI" in element)
        Dataset.from_json(document, lambda uri: b"")


def test_rule_16_pixel_data_is_never_inline_and_bulk_data_keeps_its_vr(example_server: LiveServer) -> None:
    bulk = [
        (key, element)
        for document in _documents(example_server)
        for key, element in _elements(document)
        if "BulkDataURI" in element or key == "7FE00010"
    ]
    assert {element["vr"] for key, element in bulk if key == "7FE00010"} == {"OB", "OW"}
    assert all("BulkDataURI" in element for _, element in bulk)
    assert {element["vr"] for _, element in bulk} <= BULK_DATA_VRS


def test_rule_17_every_bulk_data_uri_is_absolute_and_leads_to_the_data(example_server: LiveServer) -> None:
    uris = [
        element["BulkDataURI"]
        for document in _documents(example_server)
        for _, element in _elements(document)
        if "BulkDataURI" in element
    ]
    assert uris
    assert {uri for uri in uris if not uri.startswith(f"{example_server.root}/studies/")} == set()
    assert {get(example_server, uri).status for uri in uris} == {200}


def test_rule_18_instances_say_in_which_transfer_syntax_they_are_available(example_server: LiveServer) -> None:
    for source in examples():
        [document] = get(example_server, f"{source.url_path}/metadata").json()
        assert document["00083002"] == {"vr": "UI", "Value": [source.data_set().file_meta.TransferSyntaxUID]}


def test_rule_19_study_and_series_rows_have_what_lists_show_and_exact_counts(example_server: LiveServer) -> None:
    rows = get(example_server, "/studies?includefield=00081030%2C00080060").json()
    assert all(row.keys() >= STUDY_LIST_KEYS for row in rows)
    series = get(example_server, "/series").json()
    assert all({"0020000D", "0020000E", "00080060", "00200011", "00201209", "00081190"} <= row.keys() for row in series)
    for row in series:
        expected = sum(source.series == row["0020000E"]["Value"][0] for source in examples())
        assert row["00201209"]["Value"] == [expected]
        # Weasis appends to this address.
        [url] = row["00081190"]["Value"]
        assert len(get(example_server, f"{url}/instances").json()) == expected


def test_rule_20_text_is_utf_8_with_every_group_of_a_name(example_server: LiveServer) -> None:
    [japanese] = get(example_server, f"/studies?StudyInstanceUID={example(JAPANESE).study}").json()
    assert japanese["00100010"]["Value"] == [
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]
    [german] = get(example_server, f"/studies/{example(GERMAN).study}/metadata").json()
    assert german["00100010"]["Value"] == [{"Alphabetic": "Äneas^Rüdiger"}]


def _store(server: LiveServer, *data_sets: Dataset) -> RawAnswer:
    body = store_body(part10(data_set) for data_set in data_sets)
    return send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body)


def _path(data_set: Dataset) -> str:
    uids = data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)


def _documents(server: LiveServer) -> list[dict[str, Any]]:
    """The metadata of every example."""
    return [
        document
        for study in sorted({source.study for source in examples()})
        for document in get(server, f"/studies/{study}/metadata").json()
    ]


def _elements(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every element, also inside sequences."""
    for key, element in document.items():
        yield key, element
        if element["vr"] == "SQ":
            for item in element.get("Value", ()):
                yield from _elements(item)
