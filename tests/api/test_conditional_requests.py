"""What a client holds already is not sent again, and never taken for what it is no longer (RFC 9110 13)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import RetrieveSettings, Settings, StoreSettings
from storage.records import DuplicatePolicy
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, NATIVE, example, new_instance

PATH = example(NATIVE).url_path
STUDY = f"/studies/{example(NATIVE).study}"
SERIES = f"{STUDY}/series/{example(NATIVE).series}"

STORED = [
    PATH,
    SERIES,
    STUDY,
    f"{PATH}/frames/1",
    f"{example(COLOR_MULTI_FRAME).url_path}/frames/3,1",
    f"{example(ECG).url_path}/bulkdata/54000100/0/54001010",
]
METADATA = [f"{path}/metadata" for path in (PATH, SERIES, STUDY)]
SINGLE_PART = {f"{PATH}/frames/1": "application/octet-stream", PATH: "application/dicom"}
XML = 'multipart/related; type="application/dicom+xml"'


@pytest.fixture
def replacing(data_folder: Path) -> Iterator[InProcessClient]:
    """A server on which a later instance takes the place of an earlier one of the same UID."""
    store_settings = StoreSettings(duplicates=DuplicatePolicy.REPLACE)
    with in_process(Settings(data=data_folder, store=store_settings)) as client:
        yield client


@pytest.mark.parametrize("path", [*STORED, *METADATA])
def test_who_holds_an_answer_is_told_that_nothing_has_changed(archive: InProcessClient, path: str) -> None:
    first = archive.get(path, accept_encoding="identity")
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag), "strong"
    for if_none_match in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = archive.get(path, if_none_match=if_none_match)
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "vary", "content-location"):
            assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("path", [*STORED, *METADATA])
def test_who_holds_something_else_gets_the_answer_and_the_same_one_each_time(
    archive: InProcessClient, path: str
) -> None:
    first, again = archive.get(path), archive.get(path, if_none_match='"other", W/"another"')
    assert again.status_code == 200
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", [*STORED, *METADATA])
def test_an_answer_says_what_decides_it_and_that_it_must_be_asked_for_again(
    archive: InProcessClient, path: str
) -> None:
    headers = archive.get(path).headers
    assert {"Accept", "Accept-Encoding", "Authorization"} <= set(re.split(r",\s*", headers["vary"]))
    assert headers["cache-control"] == "private, no-cache"
    assert headers["content-location"] == f"http://testserver/dicom-web{path}"


@pytest.mark.parametrize("path", [*STORED, *METADATA])
def test_an_answer_tells_where_its_time_went(archive: InProcessClient, path: str) -> None:
    """W3C Server Timing: what waited first, and what was done last, as it happened."""
    timing = archive.get(path).headers["server-timing"]
    assert re.fullmatch(r"[a-z]+;dur=\d+\.\d+(, [a-z]+;dur=\d+\.\d+)*", timing)
    names = re.findall(r"([a-z]+);", timing)
    assert names[:2] == ["queue", "index"]
    assert set(names[2:]) <= {"read", "encode"}
    if not path.endswith("/metadata"):
        assert names[-1] == "read"


def test_the_time_for_which_answers_hold_is_a_setting(data_folder: Path) -> None:
    with in_process(Settings(data=data_folder, retrieve=RetrieveSettings(cache_seconds=600))) as client:
        instance = new_instance()
        store(client, instance)
        answer = client.get(f"/studies/{instance.StudyInstanceUID}")
        assert answer.headers["cache-control"] == "private, max-age=600, immutable"


@pytest.mark.parametrize("path", SINGLE_PART)
def test_each_representation_has_a_tag_of_its_own(archive: InProcessClient, path: str) -> None:
    multipart, alone = archive.get(path), archive.get(path, accept=SINGLE_PART[path])
    assert multipart.headers["content-type"] != alone.headers["content-type"]
    assert multipart.headers["etag"] != alone.headers["etag"]
    answer = archive.get(path, accept=SINGLE_PART[path], if_none_match=multipart.headers["etag"])
    assert answer.status_code == 200


@pytest.mark.parametrize("path", METADATA)
def test_metadata_in_json_in_xml_and_for_another_host_differ_in_their_tags(archive: InProcessClient, path: str) -> None:
    answers = [
        archive.get(path),
        archive.get(path, accept=XML),
        archive.get(path, accept="application/json"),
        archive.get(path, host="localhost"),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == len(answers)


@pytest.mark.parametrize("path", METADATA)
def test_metadata_in_xml_is_not_sent_again_either(archive: InProcessClient, path: str) -> None:
    tag = archive.get(path, accept=XML).headers["etag"]
    assert archive.get(path, accept=XML, if_none_match=tag).status_code == 304


def test_what_is_replaced_is_sent_again(replacing: InProcessClient) -> None:
    instance = new_instance()
    paths = _paths(*(str(instance[name].value) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")))
    tags = []
    for comments in ("first", "second", "first"):
        instance.ImageComments = comments
        assert store(replacing, instance).status_code == 200
        tags.append({path: replacing.get(path).headers["etag"] for path in paths})
        for path in paths:
            for before in tags[:-1]:
                held = replacing.get(path, if_none_match=before[path])
                assert held.status_code == (304 if before[path] == tags[-1][path] else 200)
    assert all(tags[0][path] != tags[1][path] != tags[2][path] for path in paths)


def test_a_series_and_a_study_change_with_what_comes_and_goes(client: InProcessClient) -> None:
    first = new_instance()
    above = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    others = [new_instance(**above) for _ in range(3)]
    study, series, *_ = _paths(first.StudyInstanceUID, first.SeriesInstanceUID, first.SOPInstanceUID)
    paths = [study, series, f"{study}/metadata", f"{series}/metadata"]
    seen: list[dict[str, str]] = []

    def look() -> None:
        seen.append({path: client.get(path).headers["etag"] for path in paths})

    store(client, first)
    look()
    for other in others:
        store(client, other)
        look()
    # Away with one in the middle, with the last, and in with one: no count and no last instance seen before returns.
    for gone in (others[0], others[2]):
        client.request("DELETE", f"{series}/instances/{gone.SOPInstanceUID}")
        look()
    store(client, others[0])
    look()
    for path in paths:
        assert len({tags[path] for tags in seen}) == len(seen), path


def test_an_instance_and_its_metadata_stay_the_same_when_others_come(client: InProcessClient) -> None:
    first = new_instance()
    *_, path, metadata, frame = _paths(first.StudyInstanceUID, first.SeriesInstanceUID, first.SOPInstanceUID)
    store(client, first)
    tags = [client.get(each).headers["etag"] for each in (path, metadata, frame)]
    store(client, new_instance(StudyInstanceUID=first.StudyInstanceUID, SeriesInstanceUID=first.SeriesInstanceUID))
    assert [client.get(each).headers["etag"] for each in (path, metadata, frame)] == tags


def test_what_is_deleted_is_gone_for_who_holds_it_too(client: InProcessClient) -> None:
    instance = new_instance()
    store(client, instance)
    paths = _paths(instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID)
    tags = [client.get(path).headers["etag"] for path in paths]
    client.request("DELETE", paths[0])
    assert [client.get(path, if_none_match=tag).status_code for path, tag in zip(paths, tags, strict=True)] == [
        404
    ] * len(paths)


def _paths(study: str, series: str, instance: str) -> list[str]:
    at_study, at_series = f"/studies/{study}", f"/studies/{study}/series/{series}"
    at_instance = f"{at_series}/instances/{instance}"
    return [at_study, at_series, at_instance, f"{at_instance}/metadata", f"{at_instance}/frames/1"]
