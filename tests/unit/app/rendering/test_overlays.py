"""Overlays against pydicom's, and by hand where pydicom has none."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from app.rendering.overlays import with_overlays
from tests.unit.app.rendering.instances import attributes_of, decoded_of, image


def with_plane(data_set: Dataset, plane: np.ndarray, group: int = 0x6000, origin: tuple[int, int] = (1, 1)) -> Dataset:
    """``plane`` of shape (rows, columns), or (frames, rows, columns)."""
    data_set.add_new((group, 0x0010), "US", plane.shape[-2])
    data_set.add_new((group, 0x0011), "US", plane.shape[-1])
    data_set.add_new((group, 0x0050), "SS", list(origin))
    if plane.ndim == 3:
        data_set.add_new((group, 0x0015), "IS", plane.shape[0])
    data_set.add_new((group, 0x3000), "OW", np.packbits(plane, bitorder="little").tobytes())
    return data_set


def drawn(data_set: Dataset, samples: np.ndarray, frame: int = 0) -> list[list[int]]:
    levels = np.zeros(samples.shape, np.uint8)
    return with_overlays(levels, decoded_of(data_set, samples), attributes_of(data_set, frame)).tolist()


@pytest.fixture
def samples() -> np.ndarray:
    return np.zeros((3, 3), np.uint16)


def test_real_overlay_is_pydicoms() -> None:
    data_set = pydicom.dcmread(str(get_testdata_file("examples_overlay.dcm", download=False)))
    levels = np.zeros((data_set.Rows, data_set.Columns), np.uint8)
    overlaid = with_overlays(levels, decoded_of(data_set, data_set.pixel_array), attributes_of(data_set))

    assert np.array_equal(overlaid == 255, data_set.overlay_array(0x6000) == 1)
    assert overlaid.any()


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ((1, 1), [[255, 0, 0], [0, 255, 0], [0, 0, 0]]),
        ((2, 3), [[0, 0, 0], [0, 0, 255], [0, 0, 0]]),
        ((0, 0), [[255, 0, 0], [0, 0, 0], [0, 0, 0]]),
        ((9, 9), [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        ((-9, 1), [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ],
)
def test_origin_counts_rows_and_columns_from_1(
    samples: np.ndarray, origin: tuple[int, int], expected: list[list[int]]
) -> None:
    plane = np.array([[1, 0], [0, 1]], np.uint8)

    assert drawn(with_plane(image(samples), plane, origin=origin), samples) == expected


def test_each_frame_has_its_plane(samples: np.ndarray) -> None:
    planes = np.zeros((2, 3, 3), np.uint8)
    planes[1, 2, 2] = 1
    data_set = with_plane(image(samples), planes)

    assert not np.any(drawn(data_set, samples, frame=0))
    assert drawn(data_set, samples, frame=1)[2][2] == 255
    assert not np.any(drawn(data_set, samples, frame=2))


def test_overlay_in_an_unused_bit(samples: np.ndarray) -> None:
    data_set = image(samples, BitsStored=12)
    data_set.add_new((0x6002, 0x0010), "US", 3)
    data_set.add_new((0x6002, 0x0102), "US", 13)
    samples[1, 1] = 0x2FFF

    assert drawn(data_set, samples) == [[0, 0, 0], [0, 255, 0], [0, 0, 0]]


def test_too_short_overlay_is_left_out(samples: np.ndarray) -> None:
    data_set = with_plane(image(samples), np.ones((3, 3), np.uint8))
    data_set[0x6000, 0x0010].value = 60000

    assert not np.any(drawn(data_set, samples))
