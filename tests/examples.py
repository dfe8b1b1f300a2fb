"""A small archive, known by heart: what the user guide's and the viewers' requests are tried on."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pydicom.data
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.sources import Source, read_source

_FILES = Path(pydicom.data.__file__).parent

COLOR_MULTI_FRAME = "examples_ybr_color.dcm"
"""30 frames of JPEG baseline."""
JPEG_2000 = "examples_jpeg2k.dcm"
JPEG_LS = "MR_small_jpeg_ls_lossless.dcm"
NATIVE = "CT_small.dcm"
"""128 x 128 pixels of 16 bits; a private element is long enough to be bulk data."""
ECG = "waveform_ecg.dcm"
"""Bulk data inside a sequence."""

SEGMENTATION = "liver_1frame.dcm"
"""One native frame of one bit per pixel."""
JAPANESE = "chrH31.dcm"
"""A name in Latin, ideographic and phonetic characters, stored in ISO 2022."""
GERMAN = "chrGerm.dcm"

_SINGLE_FILES = COLOR_MULTI_FRAME, JPEG_2000, JPEG_LS, NATIVE, ECG, SEGMENTATION
_CHARSET_FILES = JAPANESE, GERMAN
_STUDIES = _FILES / "test_files" / "dicomdirtests"
"""Six studies of two patients: 13 series, 31 instances without pixels."""


@cache
def examples() -> list[Source]:
    """Every example, in the order of storing."""
    paths = [_FILES / "test_files" / name for name in _SINGLE_FILES]
    paths += [_FILES / "charset_files" / name for name in _CHARSET_FILES]
    paths += [
        path for folder in ("77654033", "98892001", "98892003") for path in sorted((_STUDIES / folder).rglob("*"))
    ]
    return [source for path in paths if path.is_file() and (source := read_source(path)) is not None]


def example(name: str) -> Source:
    """The example that is the file of this name."""
    [found] = [source for source in examples() if source.path.name == name]
    return found


def examples_where(condition: Callable[[Dataset], bool]) -> list[Source]:
    """The examples whose data set meets a condition."""
    return [source for source in examples() if condition(source.data_set())]


def new_instance(name: str = NATIVE, **attributes: object) -> Dataset:
    """An example under a new SOPInstanceUID in a study of its own, or in one that ``attributes`` name."""
    data_set = pydicom.dcmread(_FILES / "test_files" / name)
    uids = {keyword: generate_uid() for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
    for keyword, value in (uids | attributes).items():
        setattr(data_set, keyword, value)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    return data_set


def part10(data_set: Dataset) -> bytes:
    """The bytes of a file."""
    buffer = BytesIO()
    data_set.save_as(buffer)
    return buffer.getvalue()
