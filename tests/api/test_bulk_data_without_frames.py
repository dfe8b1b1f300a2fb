"""Pixel data in which no frame can be told: bulk data all the same, as every BulkDataURI names some (PS3.18 F.2.6)."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from pydicom.dataset import Dataset

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.examples import JPEG_LS, NATIVE, new_instance, part10
from tests.multipart_answers import boundary_of, split_parts
from tests.source_frames import source_frames

JPEG_LS_UID, LITTLE_ENDIAN, PRIVATE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.1", "1.2.826.0.1.3680043.99"
OCTET_STREAM = "application/octet-stream"
ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def _renamed(file: bytes, uid: str) -> bytes:
    """A file of JPEG-LS that says that it is in another transfer syntax."""
    stated, said = JPEG_LS_UID.encode(), uid.encode().ljust(len(JPEG_LS_UID), b"\0")
    assert file.count(stated) == 1
    return file.replace(stated, said)


def _value_field(file: bytes) -> bytes:
    """The items of encapsulated pixel data, from the Basic Offset Table to before the delimiter (PS3.5 A.4)."""
    return file[file.index(ITEM, file.rindex(b"\xe0\x7f\x10\x00")) : file.rindex(END)]


def _native_by_name(instance: Dataset) -> tuple[bytes, bytes]:
    file = _renamed(part10(instance), LITTLE_ENDIAN)
    return file, _value_field(file)


def _broken_items(instance: Dataset) -> tuple[bytes, bytes]:
    """What follows the first item is none."""
    file = part10(instance)
    value = _value_field(file)
    broken = value[:8] + b"\xfe\xff\x99\xe0" + value[12:]
    return file.replace(value, broken), broken


@pytest.mark.parametrize("make", [_native_by_name, _broken_items])
@pytest.mark.parametrize("accept", [OCTET_STREAM, f'multipart/related; type="{OCTET_STREAM}"', "*/*"])
def test_encapsulated_pixel_data_without_frames_is_the_octets_of_its_value_field(
    client: InProcessClient, make: Callable[[Dataset], tuple[bytes, bytes]], accept: str
) -> None:
    instance = new_instance(JPEG_LS)
    file, value = make(instance)
    _stored(client, file)
    path = _path(instance)
    assert_problem(client.get(f"{path}/frames/1"), 404)
    [document] = client.get(f"{path}/metadata").json()
    uri = document["7FE00010"]["BulkDataURI"]
    assert _bodies(client.get(uri, accept=accept)) == [value]
    ranged = client.get(uri, accept=OCTET_STREAM, range="bytes=4-99")
    assert (ranged.status_code, ranged.content) == (206, value[4:100])
    assert _bodies(client.get(f"{path}/pixeldata", accept=accept)) == [value]


def test_it_does_not_keep_other_instances_of_its_study_back(client: InProcessClient) -> None:
    instance = new_instance(JPEG_LS)
    others = [new_instance(name, StudyInstanceUID=instance.StudyInstanceUID) for name in (NATIVE, JPEG_LS)]
    file, value = _native_by_name(instance)
    _stored(client, part10(others[0]), file, part10(others[1]))
    answer = client.get(f"/studies/{instance.StudyInstanceUID}/pixeldata")
    assert _bodies(answer) == [others[0].PixelData, value, *source_frames(others[1])]


def test_fragments_in_a_private_transfer_syntax_are_frames_of_it(client: InProcessClient) -> None:
    instance = new_instance(JPEG_LS)
    _stored(client, _renamed(part10(instance), PRIVATE))
    for path in (f"{_path(instance)}/bulkdata/7FE00010", f"{_path(instance)}/frames/1"):
        answer = client.get(path, accept=f'multipart/related; type="{OCTET_STREAM}"; transfer-syntax=*')
        [part] = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
        assert part.headers["content-type"] == f"{OCTET_STREAM}; transfer-syntax={PRIVATE}"
        assert part.body == source_frames(instance)[0]


@pytest.mark.parametrize("length", [1, 999, 128 * 128 * 2 - 2])
def test_native_pixel_data_of_any_length_is_what_is_there(client: InProcessClient, length: int) -> None:
    """PS3.5 7.1.1 wants even lengths; a file that is cut off has what it has."""
    instance = new_instance(NATIVE)
    del instance["DataSetTrailingPadding"]
    file = part10(instance)
    start = len(file) - len(instance.PixelData)
    assert file[start:] == instance.PixelData
    _stored(client, file[: start + length])
    assert_problem(client.get(f"{_path(instance)}/frames/1"), 404)
    answer = client.get(f"{_path(instance)}/bulkdata/7FE00010", accept=OCTET_STREAM)
    assert (answer.status_code, answer.content) == (200, instance.PixelData[:length])


def test_every_bulk_data_uri_is_answered(archive: InProcessClient) -> None:
    for document in [each for study in _studies(archive) for each in archive.get(f"{study}/metadata").json()]:
        uris = list(_uris(document))
        assert uris
        for uri in uris:
            assert archive.get(uri, accept="*/*").status_code == 200
            assert archive.get(uri, accept='multipart/related; type="*/*"').status_code == 200


def _stored(client: InProcessClient, *files: bytes) -> None:
    assert store(client, *files).status_code in {200, 202}


def _studies(client: InProcessClient) -> list[str]:
    return [f"/studies/{row['0020000D']['Value'][0]}" for row in client.get("/studies?limit=3").json()]


def _uris(document: dict[str, dict[str, object]]) -> Iterator[str]:
    for element in document.values():
        if "BulkDataURI" in element:
            yield str(element["BulkDataURI"])
        items = element.get("Value", []) if element["vr"] == "SQ" else []
        assert isinstance(items, list)
        for item in items:
            yield from _uris(item)


def _bodies(answer: httpx.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == OCTET_STREAM:
        return [answer.content]
    return [part.body for part in split_parts(answer.content, boundary_of(answer.headers["content-type"]))]


def _path(instance: Dataset) -> str:
    return (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )
