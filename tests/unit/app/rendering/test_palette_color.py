"""Palettes against pydicom's."""

import struct

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_palette_files, get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from app.rendering.errors import NotRenderable
from app.rendering.palette_color import read_palette
from app.rendering.photometric import displayed_levels
from app.rendering.segmented_palette import expand_segments
from tests.unit.app.rendering.instances import attributes_of, decoded_of, image

INDICES = np.arange(-10, 310, dtype=np.int16).reshape(16, 20)


def with_tables(data_set: Dataset, descriptor: list[int], tables: list[bytes], prefix: str = "") -> Dataset:
    for color, data in zip(("Red", "Green", "Blue"), tables, strict=True):
        name = f"{color}PaletteColorLookupTable"
        data_set.add_new(f"{name}Descriptor", "SS" if descriptor[1] < 0 else "US", descriptor)
        data_set.add_new(f"{prefix}{name}Data", "OW", data)
    return data_set


def ramp(entries: int, dtype: str, scale: int) -> list[bytes]:
    numbers = np.arange(entries)
    return [(table * scale).astype(dtype).tobytes() for table in (numbers, numbers[::-1], numbers // 2)]


@pytest.mark.parametrize("name", ["pet.dcm", "hotiron.dcm", "spring.dcm", "fall.dcm", "summer.dcm", "winter.dcm"])
def test_well_known_palettes_plain_and_segmented(name: str) -> None:
    (path,) = [path for path in get_palette_files(name) if path.endswith(name)]
    data_set = pydicom.dcmread(path)
    palette = read_palette(attributes_of(data_set))

    assert palette is not None
    numbers = np.arange(256)
    assert np.array_equal(palette(numbers), apply_color_lut(numbers.astype(np.uint8), data_set))


def test_16_bit_entries_give_their_upper_8_bits() -> None:
    data_set = with_tables(image(INDICES), [256, 0, 16], ramp(256, "<u2", 257))
    levels = displayed_levels(decoded_of(palette_color(data_set), INDICES), attributes_of(data_set))

    assert np.array_equal(levels, apply_color_lut(np.clip(INDICES, 0, 255), data_set) >> 8)


def palette_color(data_set: Dataset) -> Dataset:
    data_set.PhotometricInterpretation = "PALETTE COLOR"
    return data_set


def test_8_bit_values_in_16_bit_entries_are_taken_as_they_are() -> None:
    data_set = with_tables(image(INDICES), [256, 0, 16], ramp(256, "<u2", 1))
    palette = read_palette(attributes_of(data_set))

    assert palette is not None
    assert palette(np.array([0, 7, 255])).tolist() == [[0, 255, 0], [7, 248, 3], [255, 0, 127]]


def test_first_value_may_be_negative() -> None:
    data_set = with_tables(image(INDICES), [256, -5, 8], ramp(256, "u1", 1))
    levels = displayed_levels(decoded_of(palette_color(data_set), INDICES), attributes_of(data_set))

    assert levels[..., 0].tolist() == np.clip(INDICES + 5, 0, 255).tolist()


def test_real_palette_image_is_as_pydicom_colors_it() -> None:
    data_set = pydicom.dcmread(str(get_testdata_file("examples_palette.dcm", download=False)))
    array = data_set.pixel_array
    levels = displayed_levels(decoded_of(data_set, array), attributes_of(data_set))

    assert np.array_equal(levels, apply_color_lut(array, data_set) >> 8)


def segments(*units: int, bits: int = 16) -> bytes:
    return struct.pack(f"<{len(units)}{'H' if bits == 16 else 'B'}", *units)


def test_segments_of_three_kinds() -> None:
    # PS3.3 C.7.9.2: two values, a line to 100 in four steps, then both once more by their byte offset 0.
    data = segments(0, 2, 10, 20, 1, 4, 100, 2, 2, 0, 0)

    assert expand_segments(data, 16).tolist() == [10, 20, 40, 60, 80, 100] * 2


def test_segments_of_16_bits_are_as_pydicom_expands_them() -> None:
    data = segments(0, 1, 0, 1, 100, 60000, 1, 155, 0)
    data_set = with_tables(image(INDICES), [256, 0, 16], [data] * 3, prefix="Segmented")
    data_set.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    palette = read_palette(attributes_of(data_set))
    expected: NDArray[np.uint16] = apply_color_lut(np.arange(256, dtype=np.uint8), data_set)

    assert palette is not None
    assert np.abs(palette(np.arange(256)).astype(int) - (expected >> 8)).max() <= 1


@pytest.mark.parametrize("data", [segments(1, 4, 100), segments(9, 1, 1), segments(2, 1, 0, 0)])
def test_segments_without_meaning_are_refused(data: bytes) -> None:
    with pytest.raises(NotRenderable):
        expand_segments(data, 16)


def test_segments_are_bounded() -> None:
    # A line of 65535 values, then 65535 copies of it: 4 thousand million entries.
    data = segments(0, 1, 0, 1, 0xFFFF, 1, *(2, 0xFFFF, 0, 0) * 1000)

    assert len(expand_segments(data, 16)) == 0x10000


def test_image_without_palette_is_refused() -> None:
    data_set = palette_color(image(INDICES))

    with pytest.raises(NotRenderable, match="palette"):
        displayed_levels(decoded_of(data_set, INDICES), attributes_of(data_set))


def test_supplemental_palette_colors_the_values_that_it_covers() -> None:
    # PS3.3 C.7.6.19: the palette begins at 200; below that the image is gray.
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data_set = image(values, PixelPresentation="COLOR", WindowCenter=128, WindowWidth=256)
    with_tables(data_set, [56, 200, 8], [bytes([255] * 56), bytes(range(56)), bytes(56)])
    levels = displayed_levels(decoded_of(data_set, values), attributes_of(data_set)).reshape(-1, 3)

    assert levels[199].tolist() == [199] * 3
    assert levels[200].tolist() == [255, 0, 0]
    assert levels[255].tolist() == [255, 55, 0]
