"""What a compressed image says of itself: the transfer syntaxes in which it may be encapsulated (PS3.5 8.2, A.4).

Clients name codestreams vaguely: image/jpeg is baseline, lossless and all between. The markers at the start tell them
apart: those of JPEG (ITU-T T.81 B.1), JPEG-LS (T.87 C) and JPEG 2000 (T.800 A), whose file format (T.800 I) is looked
into as well.
"""

from collections.abc import Callable, Iterator

from app.dicom.byte_source import ByteSource, Window
from storage.resource import ByteRange

_MAX_SEGMENTS = 4096
"""Marker segments before the image data, and boxes of a file; real ones have some tens."""
_PEEK = 4096
"""Bytes looked at around a marker: metadata between them may be long and is skipped."""

_JPEG_START = b"\xff\xd8"
_JPEG_2000_START = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")

_SOS = 0xDA
_SOF_JPEG_LS = 0xF7
_SOF_LOSSLESS = 0xC3
_FRAMES = frozenset({*range(0xC0, 0xD0), _SOF_JPEG_LS}) - {0xC4, 0xC8, 0xCC}
"""The start of frame markers, which name the process; C4, C8 and CC in between are others."""

_SIZ, _COD = 0x51, 0x52
_PART_2 = 0x8000
"""The bit of Rsiz that says that extensions of JPEG 2000 Part 2 are used (T.801 A.2.1)."""
_HIGH_THROUGHPUT = 0x40
"""The bit of the code-block style that says so (T.814 A.4)."""
_REVERSIBLE = 1

_PREFIX = "1.2.840.10008.1.2.4."
_JPEG_PROCESSES = {
    0xC0: ("50",),
    0xC1: ("51", "52"),
    0xC2: ("55", "53"),
    0xC9: ("52",),
    0xCA: ("56", "54"),
    0xCB: ("58",),
}
"""By start of frame marker: where the codestream may be encapsulated, the likeliest first (PS3.6 Table A-1)."""


def transfer_syntaxes_of(source: ByteSource) -> tuple[str, ...]:
    """The UIDs of the transfer syntaxes that the codestream fits, the most telling first; none where it is unknown."""
    start = codestream_range(source).start
    window = Window(source)
    head = window.read(start, start + len(_JPEG_2000_START))
    suffixes: tuple[str, ...] = ()
    if head.startswith(_JPEG_START):
        suffixes = _jpeg(window, start)
    elif head == _JPEG_2000_START:
        suffixes = _jpeg_2000(window, start)
    return tuple(_PREFIX + suffix for suffix in suffixes)


def codestream_range(source: ByteSource) -> ByteRange:
    """The bytes that are encapsulated: all of them, but of a JPEG 2000 file only its codestream (PS3.5 A.4.4)."""
    whole = ByteRange(0, source.size)
    if source.read(0, len(_JP2_SIGNATURE)) != _JP2_SIGNATURE:
        return whole
    position = 0
    for _ in range(_MAX_SEGMENTS):
        header = source.read(position, position + 16)
        length, header_length = int.from_bytes(header[:4]), 8
        if length == 1:
            length, header_length = int.from_bytes(header[8:16]), 16
        elif length == 0:
            length = source.size - position
        if len(header) < header_length or length < header_length:
            break
        if header[4:8] == b"jp2c":
            return ByteRange(position + header_length, min(position + length, source.size))
        position += length
    return whole


def _segments(window: Window, position: int) -> Iterator[tuple[int, bytes]]:
    """Each marker from ``position`` on that a length follows, with the segment's first bytes behind the length."""
    for _ in range(_MAX_SEGMENTS):
        head = window.peek(position, 64, _PEEK)
        if len(head) < 4 or head[0] != 0xFF:
            return
        if head[1] == 0xFF:  # markers may have more of these before them
            position += 1
            continue
        yield head[1], head[4:]
        position += 2 + int.from_bytes(head[2:4])


def _jpeg(window: Window, start: int) -> tuple[str, ...]:
    process = None
    for marker, segment in _segments(window, start + len(_JPEG_START)):
        if marker in _FRAMES:
            process = marker
        if process in _JPEG_PROCESSES:
            return _JPEG_PROCESSES[process]
        if marker == _SOS and segment:
            # Behind the components: the predictor of lossless JPEG, the allowed error of JPEG-LS.
            parameter = segment[1 + 2 * segment[0] :][:1]
            return _LAST_WORD[process](parameter) if process in _LAST_WORD and parameter else ()
    return ()


_LAST_WORD: dict[int | None, Callable[[bytes], tuple[str, ...]]] = {
    _SOF_LOSSLESS: lambda predictor: ("70", "57") if predictor == b"\1" else ("57",),
    _SOF_JPEG_LS: lambda near: ("80", "81") if near == b"\0" else ("81",),
}
"""The processes whose transfer syntax the start of scan decides."""


def _jpeg_2000(window: Window, start: int) -> tuple[str, ...]:
    """A reversible transform is what the lossless syntaxes ask for; the others take it too (PS3.5 A.4.4, A.4.12)."""
    extended = False
    for marker, segment in _segments(window, start + 2):
        if marker == _SIZ:
            extended = bool(int.from_bytes(segment[:2]) & _PART_2)
        if marker == _COD and len(segment) >= 10:
            # Scod, progression, layers (2), component transform, levels, block width, height and style, transform.
            reversible = segment[9] == _REVERSIBLE
            if segment[8] & _HIGH_THROUGHPUT:
                return ("201", "202", "203") if reversible else ("203",)
            if extended:
                return ("92", "93", "90", "91") if reversible else ("93", "91")
            return ("90", "91", "92", "93") if reversible else ("91", "93")
    return ()
