"""Ranges of metadata, so that the download of a long study's goes on where it broke off (RFC 9110 14)."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from app.settings import Settings
from storage.index import sql_index
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import NATIVE, new_instance
from tests.multipart_answers import boundary_of, split_parts

MANY = 30
IN_ONE_BATCH = 7

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InProcessClient, dict[str, str]]]:
    """A server whose metadata comes in several batches, and the paths of metadata by its level and of a search."""
    first = new_instance(NATIVE)
    above = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    study = f"/studies/{first.StudyInstanceUID}"
    series = f"{study}/series/{first.SeriesInstanceUID}"
    paths = {
        "study": f"{study}/metadata",
        "series": f"{series}/metadata",
        "instance": f"{series}/instances/{first.SOPInstanceUID}/metadata",
        "search": f"{series}/instances",
    }
    with pytest.MonkeyPatch.context() as patch, in_process(Settings(data=tmp_path_factory.mktemp("held"))) as client:
        patch.setattr(sql_index, "METADATA_BATCH", IN_ONE_BATCH)
        others = [new_instance(NATIVE, InstanceNumber=number, **above) for number in range(1, MANY)]
        assert store(client, first, *others).status_code == 200
        yield client, paths


RANGED = [
    ("study", JSON),
    ("study", XML),
    ("series", JSON),
    ("series", XML),
    ("instance", JSON),
    ("instance", XML),
    ("search", JSON),
    ("search", XML),
]


def get(client: InProcessClient, path: str, accept: str, **headers: str) -> httpx.Response:
    """What a client gets that takes no content coding, unless it says so."""
    return client.get(path, accept=accept, **({"accept_encoding": "identity"} | headers))


@pytest.mark.parametrize(("level", "accept"), RANGED)
def test_a_range_is_that_range_of_the_whole(
    held: tuple[InProcessClient, dict[str, str]], level: str, accept: str
) -> None:
    client, path = held[0], held[1][level]
    whole = get(client, path, accept)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    size = len(whole.content)
    for header, start, stop in [
        ("bytes=0-0", 0, 1),
        ("bytes=100-1999", 100, 2000),
        (f"bytes={size // 2}-", size // 2, size),
        ("bytes=-10", size - 10, size),
        (f"bytes={size - 1}-{size + 100}", size - 1, size),
    ]:
        answer = get(client, path, accept, range=header)
        assert (answer.status_code, answer.content) == (206, whole.content[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.headers["content-length"] == str(stop - start)
        for name in ("content-type", "etag", "cache-control", "content-location"):
            assert answer.headers.get(name) == whole.headers.get(name)


def test_what_broke_off_is_whole_again_with_the_rest(held: tuple[InProcessClient, dict[str, str]]) -> None:
    client, paths = held
    whole = get(client, paths["study"], JSON)
    tag, begun = whole.headers["etag"], whole.content[: len(whole.content) // 3]
    rest = get(client, paths["study"], JSON, range=f"bytes={len(begun)}-", if_range=tag)
    assert rest.status_code == 206
    assert begun + rest.content == whole.content


@pytest.mark.parametrize(("level", "accept"), RANGED)
def test_a_range_beyond_the_end_is_416_with_the_length(
    held: tuple[InProcessClient, dict[str, str]], level: str, accept: str
) -> None:
    client, path = held[0], held[1][level]
    size = len(get(client, path, accept).content)
    answer = get(client, path, accept, range=f"bytes={size}-")
    assert_problem(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(("level", "accept"), RANGED)
def test_a_range_of_what_has_changed_is_answered_with_the_whole(
    held: tuple[InProcessClient, dict[str, str]], level: str, accept: str
) -> None:
    client, path = held[0], held[1][level]
    whole = get(client, path, accept)
    answer = get(client, path, accept, range="bytes=5-9", if_range='"other"')
    assert (answer.status_code, answer.content) == (200, whole.content)


def test_several_ranges_come_as_parts(held: tuple[InProcessClient, dict[str, str]]) -> None:
    client, paths = held
    whole = get(client, paths["series"], JSON).content
    answer = get(client, paths["series"], JSON, range="bytes=0-9,-10")
    media_type, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert media_type == "multipart/byteranges"
    parts = split_parts(answer.content, boundary)
    assert [part.body for part in parts] == [whole[:10], whole[-10:]]


@pytest.mark.parametrize("level", ["study", "instance"])
def test_ranges_are_of_the_bytes_without_a_content_coding(
    held: tuple[InProcessClient, dict[str, str]], level: str
) -> None:
    """Clients that always take gzip, as Python's do, could not undo a piece of it."""
    client, path = held[0], held[1][level]
    whole = get(client, path, JSON)
    answer = get(client, path, JSON, range="bytes=5-99", accept_encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert (answer.status_code, answer.content) == (206, whole.content[5:100])
    assert answer.headers["etag"] == whole.headers["etag"]


def test_who_goes_on_with_a_compressed_answer_gets_it_anew(held: tuple[InProcessClient, dict[str, str]]) -> None:
    client, paths = held
    coded = get(client, paths["study"], JSON, accept_encoding="gzip")
    headers = {"Accept": JSON, "Accept-Encoding": "gzip", "Range": "bytes=5-", "If-Range": coded.headers["etag"]}
    answer = client.request("GET", paths["study"], headers)
    assert (answer.status_code, answer.headers["etag"]) == (200, coded.headers["etag"])
    whole = get(client, paths["study"], JSON).content
    assert gzip.decompress(client.raw(paths["study"], headers)) == whole


def test_xml_of_a_study_is_the_same_each_time(held: tuple[InProcessClient, dict[str, str]]) -> None:
    client, paths = held
    answer, again = (get(client, paths["study"], XML) for _ in range(2))
    assert answer.content == again.content
    assert len(split_parts(answer.content, boundary_of(answer.headers["content-type"]))) == MANY


def test_head_tells_of_the_whole(held: tuple[InProcessClient, dict[str, str]]) -> None:
    client, paths = held
    head = client.request("HEAD", paths["instance"], {"Accept": JSON, "Range": "bytes=0-9"})
    assert head.status_code == 200
    assert head.headers["accept-ranges"] == "bytes"
