"""The header of JPEG (ITU-T T.81 B.2) and JPEG-LS (T.87 C.2) codestreams, read before a decoder allocates anything."""

import struct
from dataclasses import dataclass, replace

from app.codecs.errors import UndecodableFrame
from app.codecs.header import Header

MAX_SCANS = 32
"""Scans of a JPEG codestream. One for each component, or ten where it is progressive, are what encoders make."""

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_APP0, _APP14, _START_OF_SCAN = 0xE0, 0xEE, 0xDA
_SCAN = b"\xff\xda"
_END_OF_IMAGE = b"\xff\xd9"
_LONGEST_PADDING = 1024
"""Bytes behind the end of an image in which its marker is looked for."""


@dataclass(frozen=True, slots=True)
class JpegHeader(Header):
    """``process`` is the start of frame marker.

    ``component_ids``, ``adobe_transform`` (None where absent) and ``is_jfif`` tell the color space; ``sampling`` has a
    byte for each component, and differs where chrominance is coarser than luminance.
    """

    process: int = 0
    component_ids: bytes = b""
    sampling: bytes = b""
    adobe_transform: int | None = None
    is_jfif: bool = False


def read_jpeg_header(data: bytes) -> JpegHeader:
    """The header of a JPEG or JPEG-LS codestream. Raises UndecodableFrame.

    Refused are a codestream without its end marker, for it is cut off, which decoders make up for with gray; and one
    of very many scans, each of which costs a decoder a walk over the whole image.
    """
    try:
        header, scans = _read_jpeg_segments(data)
    except (struct.error, IndexError) as error:
        raise UndecodableFrame("The JPEG codestream ends in its header.") from error
    if data.find(_END_OF_IMAGE, max(scans, len(data) - _LONGEST_PADDING)) < 0:
        raise UndecodableFrame("The JPEG codestream is cut off: it has no end marker.")
    if data.count(_SCAN, scans) > MAX_SCANS:
        raise UndecodableFrame(f"The JPEG codestream has more than {MAX_SCANS} scans.")
    return header


def _read_jpeg_segments(data: bytes) -> tuple[JpegHeader, int]:
    """The header and the offset of the first scan."""
    if data[:2] != b"\xff\xd8":
        raise UndecodableFrame("The frame is no JPEG codestream.")
    frame: JpegHeader | None = None
    transform, is_jfif, position = None, False, 2
    while True:
        prefix, marker = data[position], data[position + 1]
        if prefix != 0xFF:
            raise UndecodableFrame("The header of the JPEG codestream is damaged.")
        if marker == 0xFF:  # markers may have more of these before them
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        segment = data[position + 4 : position + 2 + length]
        if marker in _START_OF_FRAME:
            frame = _start_of_frame(marker, segment)
        elif marker == _APP0:
            is_jfif |= segment.startswith(b"JFIF\0")
        elif marker == _APP14 and segment.startswith(b"Adobe"):
            transform = segment[11] if len(segment) > 11 else None
        elif marker == _START_OF_SCAN:
            if frame is None:
                raise UndecodableFrame("The JPEG codestream has a scan before the start of a frame.")
            return replace(frame, adobe_transform=transform, is_jfif=is_jfif), position
        position += 2 + length


def _start_of_frame(marker: int, segment: bytes) -> JpegHeader:
    precision, height, width, components = struct.unpack_from(">BHHB", segment)
    ids, sampling = (segment[start : 6 + 3 * components : 3] for start in (6, 7))
    return JpegHeader(width, height, components, precision, process=marker, component_ids=ids, sampling=sampling)
