"""Ranges of stored bytes, so that a download goes on where it broke off and a viewer draws early (RFC 9110 14)."""

import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from pydicom.dataset import Dataset

from app.settings import Settings
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_LS, NATIVE, example, new_instance, part10
from tests.multipart_answers import boundary_of, split_parts
from tests.source_frames import source_frames

DEFLATED, BIG_ENDIAN = "image_dfl.dcm", "MR_small_bigendian.dcm"
PATH, FRAMES = example(NATIVE).url_path, f"{example(COLOR_MULTI_FRAME).url_path}/frames"
BULK_DATA = f"{example(ECG).url_path}/bulkdata/54000100/0/54001010"

ANSWERS = [
    (PATH, "application/dicom; transfer-syntax=*"),
    (PATH, 'multipart/related; type="application/dicom"; transfer-syntax=*'),
    (f"/studies/{example(NATIVE).study}", 'multipart/related; type="application/dicom"; transfer-syntax=*'),
    (f"{PATH}/frames/1", "application/octet-stream"),
    (f"{PATH}/frames/1", 'multipart/related; type="application/octet-stream"'),
    (f"{example(JPEG_LS).url_path}/frames/1", "image/jls"),
    (f"{FRAMES}/2", 'multipart/related; type="image/jpeg"'),
    (f"{FRAMES}/2,1,2", 'multipart/related; type="image/jpeg"'),
    (BULK_DATA, "application/octet-stream"),
    (f"/studies/{example(NATIVE).study}", "application/zip"),
    (PATH, "application/zip"),
    (f"/studies/{example(NATIVE).study}/bulkdata", 'multipart/related; type="application/octet-stream"'),
    (f"{PATH}/bulkdata", 'multipart/related; type="application/octet-stream"'),
    (f"{example(COLOR_MULTI_FRAME).url_path}/bulkdata", 'multipart/related; type="*/*"'),
    (f"/studies/{example(COLOR_MULTI_FRAME).study}/pixeldata", 'multipart/related; type="image/jpeg"'),
    (example(JPEG_LS).url_path, "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.201"),
]


def _whole(size: int) -> list[tuple[str, int, int]]:
    """Ranges of so many bytes, with their first position and the one behind their last."""
    return [
        ("bytes=0-0", 0, 1),
        ("bytes=0-63", 0, 64),
        ("bytes=100-4999", 100, min(5000, size)),
        (f"bytes={size // 2}-", size // 2, size),
        ("bytes=-10", size - 10, size),
        (f"bytes=-{size + 1}", 0, size),
        (f"bytes={size - 1}-{size + 100}", size - 1, size),
    ]


@pytest.mark.parametrize(("path", "accept"), ANSWERS)
def test_a_range_of_an_answer_is_that_range_of_its_bytes(archive: InProcessClient, path: str, accept: str) -> None:
    whole = archive.get(path, accept=accept)
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(whole.content)
    for header, start, stop in _whole(size):
        answer = archive.get(path, accept=accept, range=header)
        assert answer.status_code == 206, header
        assert answer.content == whole.content[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.headers["content-length"] == str(stop - start)
        for name in ("content-type", "etag", "cache-control"):
            assert answer.headers[name] == whole.headers[name]


@pytest.mark.parametrize(("path", "accept"), ANSWERS)
def test_several_ranges_come_as_parts(archive: InProcessClient, path: str, accept: str) -> None:
    """RFC 9110 14.6."""
    whole = archive.get(path, accept=accept)
    size = len(whole.content)
    answer = archive.get(path, accept=accept, range="bytes=3-9, 20-20 , -5")
    assert answer.status_code == 206
    assert "content-range" not in answer.headers
    for part, (start, stop) in zip(_ranges(answer), [(3, 10), (20, 21), (size - 5, size)], strict=True):
        assert part.headers["content-type"].partition(";")[0] == whole.headers["content-type"].partition(";")[0]
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.body == whole.content[start:stop]


@pytest.mark.parametrize(("path", "accept"), ANSWERS)
def test_a_range_beyond_the_end_is_416_with_the_length(archive: InProcessClient, path: str, accept: str) -> None:
    size = len(archive.get(path, accept=accept).content)
    for header in (f"bytes={size}-", f"bytes={size}-{size + 10}", "bytes=-0"):
        answer = archive.get(path, accept=accept, range=header)
        assert_problem(answer, 416)
        assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize("header", ["bytes=9-3", "bytes=a-b", "bytes=", "octets=0-3", "0-3", "bytes=0-99999,0-99999"])
def test_what_is_no_range_to_honor_is_answered_with_the_whole(archive: InProcessClient, header: str) -> None:
    whole = archive.get(PATH, accept="application/dicom")
    answer = archive.get(PATH, accept="application/dicom", range=header)
    assert (answer.status_code, answer.content) == (200, whole.content)


@pytest.mark.parametrize(("path", "accept"), ANSWERS)
def test_if_range_gives_the_range_of_what_the_client_has_begun_and_else_the_whole(
    archive: InProcessClient, path: str, accept: str
) -> None:
    """RFC 9110 13.1.5."""
    whole = archive.get(path, accept=accept)
    tag = whole.headers["etag"]
    held = archive.get(path, accept=accept, range="bytes=5-9", if_range=tag)
    assert (held.status_code, held.content) == (206, whole.content[5:10])
    for other in ('"other"', f"W/{tag}", "Sat, 29 Oct 1994 19:43:31 GMT"):
        answer = archive.get(path, accept=accept, range="bytes=5-9", if_range=other)
        assert (answer.status_code, answer.content) == (200, whole.content)


def test_what_is_made_while_it_is_sent_has_no_ranges_and_says_so(archive: InProcessClient) -> None:
    """RFC 9110 14.2, 14.3: of a transcoded study nobody knows where a range is before all is made."""
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.201'
    path = f"/studies/{example(JPEG_LS).study}"
    whole, ranged = archive.get(path, accept=accept), archive.get(path, accept=accept, range="bytes=0-9")
    assert whole.headers["accept-ranges"] == "none"
    assert (ranged.status_code, ranged.content) == (200, whole.content)


def test_nothing_is_sent_of_a_range_that_the_client_holds(archive: InProcessClient) -> None:
    for path, accept in ANSWERS:
        tag = archive.get(path, accept=accept).headers["etag"]
        assert archive.get(path, accept=accept, range="bytes=0-9", if_none_match=tag).status_code == 304


def test_head_tells_of_the_whole(archive: InProcessClient) -> None:
    """RFC 9110 14.2: Range is defined for GET."""
    head = archive.request("HEAD", PATH, {"Accept": "application/dicom", "Range": "bytes=0-9"})
    assert head.status_code == 200
    assert head.headers["content-length"] == str(example(NATIVE).path.stat().st_size)


@pytest.mark.parametrize("header", ["bytes=1000-1999", "bytes=-7", "bytes=0-0"])
def test_a_range_of_bulk_data_in_a_multipart_counts_the_bytes_of_the_value(
    archive: InProcessClient, header: str
) -> None:
    """PS3.18 2016b 6.5.5.2.1, and what dicomweb-client sends with ``byte_range``."""
    value = example(ECG).data_set().WaveformSequence[0].WaveformData
    answer = archive.get(BULK_DATA, accept='multipart/related; type="application/octet-stream"', range=header)
    assert answer.status_code == 206
    [start, stop] = {"1": (1000, 2000), "-": (len(value) - 7, len(value)), "0": (0, 1)}[header[6]]
    [part] = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    assert part.body == value[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(value)}"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InProcessClient, dict[str, Dataset]]]:
    """A server with instances whose frames do not lie in the file as they are given, and these instances."""
    instances = {name: new_instance(name) for name in (DEFLATED, BIG_ENDIAN)} | {"bits": _bits()}
    with in_process(Settings(data=tmp_path_factory.mktemp("odd") / "data")) as client:
        assert store(client, *[part10(each) for each in instances.values()]).status_code == 200
        yield client, instances


@pytest.mark.parametrize("name", [DEFLATED, BIG_ENDIAN, "bits"])
def test_ranges_of_frames_that_are_inflated_swapped_or_shifted(
    odd: tuple[InProcessClient, dict[str, Dataset]], name: str
) -> None:
    client, instance = odd[0], odd[1][name]
    path = (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )
    frames = source_frames(instance)
    for number, frame in enumerate(frames, 1):
        whole = client.get(f"{path}/frames/{number}", accept="application/octet-stream").content
        assert whole == frame
        for start, stop in [(0, 1), (1, 2), (1, len(frame)), (len(frame) // 2 - 1, len(frame) // 2 + 2)]:
            answer = client.get(
                f"{path}/frames/{number}", accept="application/octet-stream", range=f"bytes={start}-{stop - 1}"
            )
            assert (answer.status_code, answer.content) == (206, frame[start:stop])


def test_ranges_of_big_endian_bulk_data_are_of_its_little_endian_bytes(
    odd: tuple[InProcessClient, dict[str, Dataset]],
) -> None:
    client, instance = odd[0], odd[1][BIG_ENDIAN]
    path = (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )
    value = np.frombuffer(instance.PixelData, ">u2").astype("<u2").tobytes()
    for start, stop in [(0, 1), (1, 4), (3, 1000), (len(value) - 3, len(value))]:
        answer = client.get(
            f"{path}/bulkdata/7FE00010", accept="application/octet-stream", range=f"bytes={start}-{stop - 1}"
        )
        assert (answer.status_code, answer.content) == (206, value[start:stop])


def _bits() -> Dataset:
    """Five frames of 3 x 7 pixels of one bit, which begin anywhere in a byte."""
    instance = new_instance()
    instance.Rows, instance.Columns, instance.NumberOfFrames = 3, 7, 5
    instance.BitsAllocated, instance.BitsStored, instance.HighBit, instance.PixelRepresentation = 1, 1, 0, 0
    bits = np.random.default_rng(7).integers(0, 2, 3 * 7 * 5, dtype=np.uint8)
    instance.PixelData = np.packbits(bits, bitorder="little").tobytes()
    instance["PixelData"].VR = "OB"
    return instance


def _ranges(answer: httpx.Response) -> list[object]:
    [boundary] = re.findall(r'^multipart/byteranges; boundary="?([^"]+)"?$', answer.headers["content-type"])
    return split_parts(answer.content, boundary)
