"""What pixels are by pydicom and the decoders it finds, none of which the server uses."""

import warnings
import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from app.codecs.pixels import PixelDescription
from tests.api.answers import store
from tests.api.in_process import InProcessClient
from tests.multipart_answers import AnswerPart, boundary_of, split_parts
from tests.sample_data import bundled_files, collection_files
from tests.source_frames import source_frames, transfer_syntax_of
from tests.sources import Source, read_source

LOSSY_JPEG = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
TOLERANCE = 6
"""Levels between decoders of lossy JPEG, most of them where chrominance is shared."""

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
"""Deflated Image Frame Compression, which pydicom does not know."""

LARGEST_FILE, LARGEST_IMAGE = 700_000, 600_000
"""Bytes and pixels of a sample file that is used, so that the tests stay quick."""

_FORM = (
    "PhotometricInterpretation",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PlanarConfiguration",
)


@cache
def bundled_images() -> list[Path]:
    """Every bundled file whose frames can be told apart."""
    return [path for path in bundled_files() if _form(path) is not None]


@cache
def images_of_every_form() -> list[Path]:
    """Of all sample files one for each transfer syntax and form of the pixels."""
    forms = {_form(path): path for path in reversed(bundled_files() + collection_files())}
    return [path for form, path in reversed(forms.items()) if form is not None]


@cache
def _form(path: Path) -> tuple[object, ...] | None:
    if path.parent.name.startswith(("broken", "video")) or path.stat().st_size > LARGEST_FILE:
        return None
    with warnings.catch_warnings(action="ignore"):
        data_set = pydicom.dcmread(path, force=True)
        if read_source(path) is None or "Rows" not in data_set or not source_frames(data_set):
            return None
    if data_set.Rows * data_set.Columns > LARGEST_IMAGE:
        return None
    return transfer_syntax_of(data_set), *(data_set.get(keyword) for keyword in _FORM)


def held(server: InProcessClient, path: Path) -> Source:
    """A file, once it is stored."""
    source = read_source(path)
    assert source is not None
    assert store(server, path.read_bytes()).status_code == 200
    return source


def samples(data_set: Dataset, frame: int | None = None) -> np.ndarray:
    """The samples of one frame, counted from 0, or of all, color by pixel and without any change of colors.

    Skips the test where no decoder can tell.
    """
    uid = transfer_syntax_of(data_set)
    try:
        array, _ = get_decoder(UID(uid)).as_array(data_set, index=frame, raw=True)
    except (RuntimeError, NotImplementedError, ValueError) as error:
        pytest.skip(f"no other decoder here reads it: {str(error)[:80]}")
    return array


def native_frame(data_set: Dataset, frame: int) -> bytes:
    """A frame as application/octet-stream has it: stored native ones as they are, but little endian."""
    if transfer_syntax_of(data_set) == DEFLATED_FRAMES:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(source_frames(data_set)[frame])
    if not transfer_syntax_of(data_set).is_encapsulated:
        return source_frames(data_set)[frame]
    array = samples(data_set, frame)
    if data_set.BitsAllocated == 1:
        return np.packbits(array, bitorder="little").tobytes()
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def assert_same_bytes(data: bytes, expected: bytes, data_set: Dataset) -> None:
    """The same native pixels, but for the tolerance of lossy JPEG."""
    if transfer_syntax_of(data_set) not in LOSSY_JPEG:
        assert data == expected
        return
    dtype = f"<u{data_set.BitsAllocated // 8}"
    assert_same_samples(np.frombuffer(data, dtype), np.frombuffer(expected, dtype), data_set)


def assert_same_samples(array: np.ndarray, expected: np.ndarray, data_set: Dataset, loss: int = 0) -> None:
    """The same samples, but for the tolerance of lossy JPEG, and ``loss`` levels more."""
    tolerance = loss + (TOLERANCE if transfer_syntax_of(data_set) in LOSSY_JPEG else 0)
    assert array.shape == expected.shape
    assert np.abs(array.astype(np.int64) - expected.astype(np.int64)).max() <= tolerance


def description_of(data_set: Dataset) -> PixelDescription:
    """The form of the pixels, for a judge of codestreams."""
    group = data_set.group_dataset(0x0028)
    group.pop("NumberOfFrames", None)  # which is no number in one file
    return PixelDescription.from_metadata(group.to_json_dict())


def parts_of(answer: httpx.Response) -> list[AnswerPart]:
    """The parts of an answer that must be multipart."""
    assert answer.status_code in {200, 206}, answer.text
    return split_parts(answer.content, boundary_of(answer.headers["content-type"]))


def data_sets_of(answer: httpx.Response) -> Iterator[Dataset]:
    """Each part read as a file, which must be in the transfer syntax that the part names."""
    for part in parts_of(answer):
        data_set = pydicom.dcmread(BytesIO(part.body))
        assert part.headers["content-type"] == f"application/dicom; transfer-syntax={transfer_syntax_of(data_set)}"
        yield data_set


def attributes(data_set: Dataset) -> dict[str, tuple[str, object]]:
    """All values but those that change with the form of the pixels; words in little endian order."""
    data_set.decode()
    values: dict[str, tuple[str, object]] = {}
    for element in data_set:
        if element.tag.element == 0 or element.tag.group == 0x7FE0 or element.keyword in _FORM:
            continue
        value = element.value
        if element.VR == "OW" and not data_set.original_encoding[1]:
            value = np.frombuffer(value, ">u2").astype("<u2").tobytes()
        values[str(element.tag)] = (element.VR, value)
    return values
