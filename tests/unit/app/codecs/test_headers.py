"""What a codestream may ask of a decoder is settled by its headers."""

import struct
from collections.abc import Callable

import pytest

from app.codecs.errors import UndecodableFrame
from app.codecs.frame import decode, transcode
from app.codecs.jpeg_2000_header import read_jpeg_2000_header
from app.codecs.jpeg_header import read_jpeg_header
from app.codecs.pixels import PixelDescription
from tests.unit.app.codecs.synthetic import pixels_of, samples_for

NATIVE = "1.2.840.10008.1.2.1"
PREFIX = "1.2.840.10008.1.2.4."
SUFFIXES = "50", "80", "90", "201"
PIXELS = pixels_of(8, 8)


def codestream(suffix: str) -> bytes:
    return transcode(samples_for(PIXELS).tobytes(), NATIVE, PREFIX + suffix, PIXELS).data


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0, 1, 10, 60, 200, 0.5, 0.9])
def test_a_codestream_that_is_cut_off_is_refused(suffix: str, kept: float) -> None:
    whole = codestream(suffix)
    with pytest.raises(UndecodableFrame):
        decode(whole[: int(kept * len(whole)) if kept < 1 else int(kept)], PREFIX + suffix, PIXELS)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "pixels",
    [PixelDescription(70, 91, 1, 8, 8, 7), PixelDescription(65535, 2, 1, 8, 8, 7), pixels_of(8, 8, samples=3)],
    ids=str,
)
def test_a_codestream_of_another_size_than_the_data_set_is_refused(suffix: str, pixels: PixelDescription) -> None:
    with pytest.raises(UndecodableFrame):
        decode(codestream(suffix), PREFIX + suffix, pixels)


@pytest.mark.parametrize("suffix", ["80", "90", "201"])
def test_a_codestream_of_more_bits_than_are_allocated_is_refused(suffix: str) -> None:
    pixels = pixels_of(16, 16)
    wide = transcode(samples_for(pixels).tobytes(), NATIVE, PREFIX + suffix, pixels).data
    with pytest.raises(UndecodableFrame):
        decode(wide, PREFIX + suffix, PIXELS)


def test_jpeg_of_another_process_than_its_transfer_syntax_is_refused() -> None:
    with pytest.raises(UndecodableFrame):
        decode(codestream("50"), PREFIX + "70", PIXELS)


def test_many_scans_are_refused() -> None:
    whole = codestream("50")
    scan = whole.index(b"\xff\xda")
    with pytest.raises(UndecodableFrame, match="scans"):
        read_jpeg_header(whole[:scan] + whole[scan : scan + 12] * 100 + whole[scan:])


def large(change: Callable[[bytearray], None]) -> bytes:
    """A codestream of 4096 x 4096 pixels and some hundred bytes, with one change to its headers."""
    pixels = PixelDescription(4096, 4096, 1, 8, 8, 7)
    data = bytearray(transcode(bytes(pixels.pixels), NATIVE, PREFIX + "90", pixels).data)
    change(data)
    return bytes(data)


def _small_tiles(data: bytearray) -> None:
    struct.pack_into(">LL", data, 24, 8, 8)


def _small_code_blocks(data: bytearray) -> None:
    coding = data.index(b"\xff\x52") + 4
    data[coding + 6 : coding + 8] = b"\0\0"


def _small_precincts(data: bytearray) -> None:
    coding = data.index(b"\xff\x52")
    (length,) = struct.unpack_from(">H", data, coding + 2)
    levels = data[coding + 9]
    data[coding + 2 : coding + 4] = struct.pack(">H", length + levels + 1)
    data[coding + 4] |= 1
    data[coding + 2 + length : coding + 2 + length] = b"\x11" * (levels + 1)


def test_an_image_of_usual_pieces_passes() -> None:
    header = read_jpeg_2000_header(large(lambda data: None))
    assert (header.width, header.height, header.components, header.precision) == (4096, 4096, 1, 8)


@pytest.mark.parametrize("change", [_small_tiles, _small_code_blocks, _small_precincts])
def test_an_image_cut_into_millions_of_pieces_is_refused(change: Callable[[bytearray], None]) -> None:
    with pytest.raises(UndecodableFrame, match="pieces"):
        read_jpeg_2000_header(large(change))


def test_a_tile_part_that_leads_back_is_no_endless_walk() -> None:
    data = bytearray(codestream("90"))
    struct.pack_into(">L", data, data.index(b"\xff\x90") + 6, 2)
    with pytest.raises(UndecodableFrame):
        read_jpeg_2000_header(bytes(data))
