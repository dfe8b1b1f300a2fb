"""Images of senders that leave it to the server to describe or convert their pixels (PS3.18 10.5.2).

A codestream of DICOM is described and stays as it is; PNG and GIF, which have no transfer syntax, become native pixels.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO

import imagecodecs
import numpy as np
from PIL import Image, ImageSequence

from app.codecs.errors import UndecodableFrame
from app.codecs.header import Header
from app.codecs.jpeg_2000_header import read_color_transform, read_jpeg_2000_header
from app.codecs.jpeg_header import JpegHeader, read_jpeg_header
from app.codecs.pixels import MAX_FRAME_BYTES
from app.codecs.samples import Samples
from app.dicom.byte_source import BytesSource
from app.dicom.codestream import codestream_range

Attributes = dict[str, dict[str, object]]
"""DICOM JSON attributes by tag."""

IMAGES_CONVERTED = frozenset({"image/png", "image/gif"})
"""The media types that Table 10.5.2-1 wants transformed."""

_JPEG_START = b"\xff\xd8"
_PNG_SIZE = slice(16, 24)
"""Width and height in the header of a PNG file, four bytes each (ISO 15948 11.2.2)."""
_PNG_MOST_BYTES = 8
"""Bytes of one pixel: red, green, blue and opacity of 16 bits."""
_LOSSY_JPEG = frozenset({0xC0, 0xC1, 0xC2})
_DAMAGED = (RuntimeError, OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError)
"""What the libraries raise of damaged files."""


def describe_codestream(data: bytes) -> Attributes:
    """The Image Pixel Description Macro of a JPEG, JPEG-LS or JPEG 2000 frame (PS3.3 Table C.7-11c).

    Raises UndecodableFrame.
    """
    place = codestream_range(BytesSource(data))
    codestream = data[place.start : place.stop]
    if codestream.startswith(_JPEG_START):
        jpeg = read_jpeg_header(codestream)
        return _description(jpeg, _jpeg_color(jpeg))
    return _description(read_jpeg_2000_header(codestream), read_color_transform(codestream))


def _description(header: Header, color: str) -> Attributes:
    """``color`` is the photometric interpretation where there are several samples in a pixel."""
    is_color = header.components > 1
    allocated = next(bits for bits in (8, 16, 32, 64) if header.precision <= bits)
    numbers = {
        "00280002": header.components,
        "00280010": header.height,
        "00280011": header.width,
        "00280100": allocated,
        "00280101": header.precision,
        "00280102": header.precision - 1,
        "00280103": int(header.is_signed),
    } | ({"00280006": 0} if is_color else {})
    photometric = color if is_color else "MONOCHROME2"
    described: Attributes = {tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()}
    return described | {"00280004": {"vr": "CS", "Value": [photometric]}}


def _jpeg_color(header: JpegHeader) -> str:
    """What the markers say (T.871, Adobe's); without them lossy colors are taken for YCbCr and lossless for RGB."""
    says_ycbcr = header.adobe_transform == 1 or header.is_jfif
    if header.adobe_transform == 0 or header.component_ids.upper() == b"RGB":
        return "RGB"
    if header.process not in _LOSSY_JPEG and not says_ycbcr:
        return "RGB"
    return "YBR_FULL_422" if len(set(header.sampling)) > 1 else "YBR_FULL"


def convert_images(media_type: str, files: Iterable[bytes]) -> tuple[Attributes, bytes]:
    """PNG or GIF files as native little endian frames, and their description; an animation is several frames.

    Palettes become RGB, and opacity, which DICOM does not have, is left out. All frames together are in memory, so they
    may be as long as one frame elsewhere. Raises UndecodableFrame, also where the files differ in size or kind.
    """
    read = _png if media_type == "image/png" else _gif
    frames: list[bytes] = []
    headers: set[Header] = set()
    for samples in (samples for file in files for samples in read(file)):
        frames.append(samples.tobytes())
        rows, columns, components = (*samples.shape, 1)[:3]
        headers.add(Header(columns, rows, components, 8 * samples.itemsize))
        if len(headers) > 1 or len(frames) * samples.nbytes > MAX_FRAME_BYTES:
            raise UndecodableFrame("The images are too large, or not all of one size and kind.")
    described = _description(headers.pop(), "RGB")
    if len(frames) > 1:
        described["00280008"] = {"vr": "IS", "Value": [len(frames)]}
    return described, b"".join(frames)


def _png(file: bytes) -> Iterator[Samples]:
    width, height = (int.from_bytes(file[_PNG_SIZE][start : start + 4]) for start in (0, 4))
    if width * height * _PNG_MOST_BYTES > MAX_FRAME_BYTES:
        raise UndecodableFrame("The PNG image is too large.")
    try:
        samples = imagecodecs.png_decode(file)
    except _DAMAGED as error:
        raise UndecodableFrame(f"The PNG image is damaged: {error}.") from error
    if samples.ndim == 3:
        samples = samples[..., :3] if samples.shape[2] > 2 else samples[..., 0]
    yield samples


def _gif(file: bytes) -> Iterator[Samples]:
    try:
        with Image.open(BytesIO(file), formats=["GIF"]) as image:
            if image.width * image.height * 3 > MAX_FRAME_BYTES:
                raise UndecodableFrame("The GIF image is too large.")
            for frame in ImageSequence.Iterator(image):
                yield np.asarray(frame.convert("RGB"))
    except _DAMAGED as error:
        raise UndecodableFrame(f"The GIF image is damaged: {error}.") from error
