"""Documents are compressed for clients that take it (RFC 9110 8.4, 12.5.3)."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
import zstandard

from app.settings import Settings
from storage.index import sql_index
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import NATIVE, new_instance
from tests.multipart_answers import boundary_of, split_parts

MANY, IN_ONE_BATCH = 300, 100
"""Instances whose metadata makes more than one batch, so that the answer is streamed."""

XML = 'multipart/related; type="application/dicom+xml"'


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InProcessClient, str]]:
    """A server with a study of many instances, and the path of the study."""
    first = new_instance(NATIVE)
    above = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    data = tmp_path_factory.mktemp("crowded") / "data"
    with pytest.MonkeyPatch.context() as patch, in_process(Settings(data=data)) as client:
        patch.setattr(sql_index, "METADATA_BATCH", IN_ONE_BATCH)
        instances = [new_instance(NATIVE, InstanceNumber=number, **above) for number in range(MANY)]
        assert store(client, *instances).status_code == 200
        yield client, f"/studies/{first.StudyInstanceUID}"


@pytest.mark.parametrize("below", ["/metadata", "/instances", "/series"])
def test_gzip_and_zstandard_hold_the_same_document(crowded: tuple[InProcessClient, str], below: str) -> None:
    client, study = crowded
    plain = client.get(f"{study}{below}", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    for coding in ("gzip", "zstd"):
        answer = client.get(f"{study}{below}", accept_encoding=coding)
        if len(plain.content) < 1000:
            assert "content-encoding" not in answer.headers
        else:
            assert answer.headers["content-encoding"] == coding
        assert answer.json() == plain.json()


def test_the_coded_bytes_are_read_by_other_libraries(crowded: tuple[InProcessClient, str]) -> None:
    client, study = crowded
    plain = client.get(f"{study}/metadata", accept_encoding="identity").content
    coded = client.raw(f"{study}/metadata", {"Accept-Encoding": "gzip"})
    assert gzip.decompress(coded) == plain
    assert len(coded) < len(plain) / 4
    coded = client.raw(f"{study}/metadata", {"Accept-Encoding": "zstd"})
    assert zstandard.ZstdDecompressor().decompressobj().decompress(coded) == plain
    coded = client.raw(f"{study}/instances", {"Accept-Encoding": "gzip"})
    assert zlib.decompress(coded, 31) == client.get(f"{study}/instances", accept_encoding="identity").content


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "zstd"),
        ("*;q=0.1, gzip;q=0.5", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("br", None),
        ("", None),
        (";;,,q=, gzip;q=much", None),
    ],
)
def test_the_coding_is_that_which_the_client_likes_best(
    crowded: tuple[InProcessClient, str], accept_encoding: str, coding: str | None
) -> None:
    client, study = crowded
    answer = client.get(f"{study}/instances?limit=20", accept_encoding=accept_encoding)
    assert answer.headers.get("content-encoding") == coding


@pytest.mark.parametrize("below", ["/metadata", "/instances"])
def test_each_coding_has_a_tag_and_any_of_them_is_recognized(crowded: tuple[InProcessClient, str], below: str) -> None:
    client, study = crowded
    tags = [
        client.get(f"{study}{below}", accept_encoding=coding).headers["etag"] for coding in ("identity", "gzip", "zstd")
    ]
    assert len(set(tags)) == 3
    for tag in tags:
        again = client.get(f"{study}{below}", accept_encoding="gzip", if_none_match=tag)
        assert (again.status_code, again.headers["etag"]) == (304, tag)


def test_xml_is_compressed_too(crowded: tuple[InProcessClient, str]) -> None:
    client, study = crowded
    answer = client.get(f"{study}/instances?limit=20", accept=XML, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(split_parts(answer.content, boundary_of(answer.headers["content-type"]))) == 20


def test_stored_bytes_are_not_compressed(crowded: tuple[InProcessClient, str]) -> None:
    """They would be compressed anew each time, and ranges of them would be of no use."""
    client, study = crowded
    [row] = client.get(f"{study}/instances?limit=1").json()
    for path in (row["00081190"]["Value"][0], row["00081190"]["Value"][0] + "/frames/1"):
        assert "content-encoding" not in client.get(path, accept_encoding="gzip, zstd").headers
