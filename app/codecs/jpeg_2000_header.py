"""The headers of JPEG 2000 and HTJ2K codestreams (ITU-T T.800 A), read before a decoder allocates anything."""

import struct
from collections.abc import Iterator

from app.codecs.errors import UndecodableFrame
from app.codecs.header import Header

MAX_PIECES = 100_000
"""Tiles, precincts and code-blocks of a codestream together. The decoder keeps up to 2.5 kB for each, so a codestream
of 150 bytes could ask for gigabytes; an image of 16,384 x 16,384 pixels has 65,536 code-blocks of usual size."""

_START = b"\xff\x4f"
_SIZ, _COD, _COC = 0x51, 0x52, 0x53
_START_OF_TILE_PART, _START_OF_DATA, _END = 0x90, 0x93, 0xD9
_HAS_PRECINCTS = 1
_WHOLE = 0xFF
"""The size of precincts, as powers of two in four bits each, where none is said."""


def read_jpeg_2000_header(data: bytes) -> Header:
    """Of an image whose components are all alike, in full resolution: DICOM knows no others. Raises UndecodableFrame.

    Refused as well is what is cut into more than MAX_PIECES.
    """
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError, StopIteration) as error:
        raise UndecodableFrame("The headers of the JPEG 2000 codestream are damaged, or components differ.") from error


def read_color_transform(data: bytes) -> str:
    """The photometric interpretation of three components: which transform was applied to RGB, if any (PS3.5 8.2.4).

    Raises UndecodableFrame.
    """
    try:
        style = next(segment for marker, segment in _segments(data) if marker == _COD)
        # Scod, progression, layers (2), component transform, five bytes of code-blocks, of which the last is wavelets.
        transforms, is_reversible = style[4], style[9] == 1
    except (struct.error, IndexError, ValueError, StopIteration) as error:
        raise UndecodableFrame("The headers of the JPEG 2000 codestream are damaged.") from error
    if not transforms:
        return "RGB"
    return "YBR_RCT" if is_reversible else "YBR_ICT"


def _read(data: bytes) -> Header:
    segments = _segments(data)
    marker, siz = next(segments)
    if marker != _SIZ:
        raise ValueError("The size does not come first.")
    right, bottom, left, top, tile_width, tile_height, _, _, count = struct.unpack_from(">2x8LH", siz)
    width, height = right - left, bottom - top
    [(depth, *steps)] = set(struct.iter_unpack("BBB", siz[36:]))
    if min(width, height, tile_width, tile_height) <= 0 or steps != [1, 1]:
        raise ValueError("There are no pixels, or not one for each place.")
    tiles = -(-width // tile_width) * -(-height // tile_height)
    tile = min(tile_width, width), min(tile_height, height)
    pieces = max(_pieces(*tile, style) for style in _coding_styles(segments, count))
    if tiles * count * pieces > MAX_PIECES:
        raise UndecodableFrame(f"The JPEG 2000 codestream is cut into more than {MAX_PIECES} pieces.")
    return Header(width, height, count, (depth & 0x7F) + 1, bool(depth & 0x80))


def _coding_styles(segments: Iterator[tuple[int, bytes]], components: int) -> Iterator[bytes]:
    """Each SPcod or SPcoc (T.800 A.6.1, A.6.2), with precincts of each resolution behind its first five bytes."""
    for marker, segment in segments:
        if marker not in {_COD, _COC}:
            continue
        component_length = 1 if components < 257 else 2
        style, start = (segment[0], 5) if marker == _COD else (segment[component_length], component_length + 1)
        levels = segment[start]
        precincts = segment[start + 5 :] if style & _HAS_PRECINCTS else bytes([_WHOLE] * (levels + 1))
        if len(precincts) != levels + 1:
            raise ValueError("There are not as many sizes of precincts as resolutions.")
        yield segment[start : start + 5] + precincts


def _pieces(width: int, height: int, style: bytes) -> int:
    """Precincts and code-blocks of one component of a tile."""
    code_block = 1 << (style[1] & 15) + (style[2] & 15) + 4
    pieces = -(-width * height // code_block)
    for level, size in enumerate(reversed(style[5:])):
        across = -(-width >> level + (size & 15))
        down = -(-height >> level + (size >> 4))
        pieces += across * down
    return pieces


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments of the main header and of all tile-part headers (T.800 A.3). Raises ValueError."""
    if data[:2] != _START:
        raise ValueError("This is no JPEG 2000 codestream.")
    position, tile_part_end = 2, len(data)
    while position < len(data):
        prefix, marker = data[position], data[position + 1]
        if prefix != 0xFF:
            raise ValueError("There is no marker where one should be.")
        if marker == _START_OF_DATA:
            if tile_part_end <= position:
                raise ValueError("A tile-part ends before its data begin.")
            position = tile_part_end
            continue
        if marker == _END:
            return
        (length,) = struct.unpack_from(">H", data, position + 2)
        segment = data[position + 4 : position + 2 + length]
        if marker == _START_OF_TILE_PART:
            (tile_part_length,) = struct.unpack_from(">2xL", segment)
            # The last one may leave its length open.
            tile_part_end = position + tile_part_length if tile_part_length else len(data)
        position += 2 + length
        yield marker, segment
