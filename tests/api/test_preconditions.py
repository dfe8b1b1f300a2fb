"""If-Match, and the order in which preconditions are judged (RFC 9110 13.1, 13.2.2)."""

import httpx
import pytest

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_LS, NATIVE, example, new_instance

PATH = example(NATIVE).url_path
STUDY = f"/studies/{example(NATIVE).study}"
LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

RESOURCES = [
    (PATH, "application/dicom"),
    (STUDY, 'multipart/related; type="application/dicom"'),
    (STUDY, "application/zip"),
    (example(JPEG_LS).url_path, f"application/dicom; transfer-syntax={LITTLE_ENDIAN}"),
    (
        f"/studies/{example(JPEG_LS).study}",
        f'multipart/related; type="application/dicom"; transfer-syntax={LITTLE_ENDIAN}',
    ),
    (f"{PATH}/frames/1", "application/octet-stream"),
    (f"{example(JPEG_LS).url_path}/frames/1", "image/jphc"),
    (f"{example(ECG).url_path}/bulkdata/54000100/0/54001010", "application/octet-stream"),
    (f"{example(ECG).url_path}/bulkdata/54000100/0/54001010", 'multipart/related; type="application/octet-stream"'),
    (f"{STUDY}/bulkdata", 'multipart/related; type="application/octet-stream"'),
    (f"{example(COLOR_MULTI_FRAME).url_path}/pixeldata", 'multipart/related; type="image/jpeg"'),
    (f"{PATH}/rendered", "image/png"),
    (f"{STUDY}/metadata", "application/dicom+json"),
    (f"{STUDY}/metadata", 'multipart/related; type="application/dicom+xml"'),
    (f"{STUDY}/series", "application/dicom+json"),
]


@pytest.mark.parametrize(("path", "accept"), RESOURCES)
def test_who_names_what_is_there_gets_it(archive: InProcessClient, path: str, accept: str) -> None:
    tag = archive.get(path, accept=accept).headers["etag"]
    for if_match in (tag, f'"other", {tag}', "*"):
        assert archive.get(path, accept=accept, if_match=if_match).status_code == 200
        assert archive.request("HEAD", path, {"Accept": accept, "If-Match": if_match}).status_code == 200


@pytest.mark.parametrize(("path", "accept"), RESOURCES)
def test_who_names_something_else_is_told(archive: InProcessClient, path: str, accept: str) -> None:
    """By strong comparison: a weak tag matches nothing."""
    tag = archive.get(path, accept=accept).headers["etag"]
    for if_match in ('"other"', f"W/{tag}", "no tag"):
        assert_problem(archive.get(path, accept=accept, if_match=if_match), 412, "If-Match")
        # If-Match goes before If-None-Match, and both before Range.
        answer = archive.get(path, accept=accept, if_match=if_match, if_none_match=tag, range="bytes=0-9")
        assert_problem(answer, 412)
        assert archive.request("HEAD", path, {"Accept": accept, "If-Match": if_match}).status_code == 412


@pytest.mark.parametrize(("path", "accept"), RESOURCES)
def test_who_names_what_is_there_and_holds_it_is_told_that_nothing_has_changed(
    archive: InProcessClient, path: str, accept: str
) -> None:
    tag = archive.get(path, accept=accept, accept_encoding="identity").headers["etag"]
    answer = archive.get(path, accept=accept, if_match=tag, if_none_match=tag, range="bytes=0-9")
    assert (answer.status_code, answer.content) == (304, b"")
    assert "queue" in answer.headers["server-timing"]


@pytest.mark.parametrize(("path", "accept"), RESOURCES)
def test_dates_are_ignored_where_there_is_no_last_modified(archive: InProcessClient, path: str, accept: str) -> None:
    """RFC 9110 13.1.3, 13.1.4."""
    date = "Sat, 29 Oct 1994 19:43:31 GMT"
    answer = archive.get(path, accept=accept, if_unmodified_since=date, if_modified_since=date)
    assert answer.status_code == 200
    assert "last-modified" not in answer.headers


def test_several_fields_are_one_list(archive: InProcessClient) -> None:
    """RFC 9110 5.3."""
    tag = archive.get(PATH, accept="application/dicom").headers["etag"]
    for name, status in (("If-None-Match", 304), ("If-Match", 200)):
        headers = httpx.Headers([("Accept", "application/dicom"), (name, '"other"'), (name, tag)])
        assert archive.request("GET", PATH, headers).status_code == status


def test_a_compressed_answer_is_matched_but_not_for_a_range_of_the_plain_one(archive: InProcessClient) -> None:
    coded = archive.get(f"{STUDY}/metadata", accept_encoding="gzip").headers["etag"]
    assert archive.get(f"{STUDY}/metadata", if_match=coded).status_code == 200
    assert_problem(archive.get(f"{STUDY}/metadata", if_match=coded, range="bytes=5-"), 412)


def test_what_does_not_exist_is_404_whatever_is_named(archive: InProcessClient) -> None:
    for if_match in ("*", '"other"'):
        assert_problem(archive.get("/studies/1.2.3", if_match=if_match), 404)


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_nothing_is_deleted_but_what_the_client_has_seen(client: InProcessClient, level: str) -> None:
    instance = new_instance()
    store(client, instance)
    paths = {"study": f"/studies/{instance.StudyInstanceUID}"}
    paths["series"] = f"{paths['study']}/series/{instance.SeriesInstanceUID}"
    paths["instance"] = f"{paths['series']}/instances/{instance.SOPInstanceUID}"
    path = paths[level]
    tag = client.get(path).headers["etag"]
    assert_problem(client.request("DELETE", path, {"If-Match": '"other"'}), 412)
    assert client.get(path).status_code == 200
    assert client.request("DELETE", path, {"If-Match": tag}).status_code == 204
    assert_problem(client.request("DELETE", path, {"If-Match": tag}), 404)


def test_a_series_that_has_grown_since_is_not_deleted(client: InProcessClient) -> None:
    first = new_instance()
    store(client, first)
    path = f"/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}"
    tag = client.get(path).headers["etag"]
    store(client, new_instance(StudyInstanceUID=first.StudyInstanceUID, SeriesInstanceUID=first.SeriesInstanceUID))
    assert_problem(client.request("DELETE", path, {"If-Match": tag}), 412)
    assert client.get(path).headers["etag"] != tag
