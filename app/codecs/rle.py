"""RLE Lossless: byte planes, each a segment of PackBits (PS3.5 Annex G)."""

import struct

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from app.codecs.errors import UndecodableFrame
from app.codecs.pixels import PixelDescription
from app.codecs.samples import Samples, dtype_of, shape_of

_HEADER_LENGTH = 64
_MAX_SEGMENTS = 15


def decode_rle(data: bytes, pixels: PixelDescription) -> Samples:
    """The samples of a frame, of 8 bits or a multiple. Raises UndecodableFrame."""
    planes = np.empty((pixels.pixels, pixels.samples_per_pixel, pixels.sample_bytes), np.uint8)
    # The most significant byte of a sample comes first (PS3.5 G.2).
    places = [(sample, byte) for sample in range(planes.shape[1]) for byte in reversed(range(planes.shape[2]))]
    for (sample, byte), plane in zip(places, unpack_segments(data, len(places), pixels.pixels), strict=True):
        planes[:, sample, byte] = np.frombuffer(plane, np.uint8)
    samples: Samples = planes.view(dtype_of(pixels)).reshape(shape_of(pixels))
    return samples


def unpack_segments(data: bytes, count: int, length: int) -> list[bytes]:
    """The ``count`` segments of a frame, each of ``length`` bytes when unpacked. Raises UndecodableFrame."""
    try:
        stated, *offsets = struct.unpack_from("<16L", data)
    except struct.error as error:
        raise UndecodableFrame("The frame has no RLE header.") from error
    if stated != count or count > _MAX_SEGMENTS:
        raise UndecodableFrame(f"The frame has {stated} RLE segments, the data set asks for {count}.")
    starts = offsets[:count]
    stops = [*starts[1:], len(data)]
    if starts[0] < _HEADER_LENGTH or any(start > stop for start, stop in zip(starts, stops, strict=True)):
        raise UndecodableFrame("The RLE segments are not where the header says.")
    return [_unpack(data[start:stop], length) for start, stop in zip(starts, stops, strict=True)]


def _unpack(segment: bytes, length: int) -> bytes:
    try:
        plane = bytes(imagecodecs.packbits_decode(segment, out=length))
    except (RuntimeError, ValueError) as error:
        raise UndecodableFrame("An RLE segment is damaged.") from error
    if len(plane) != length:
        raise UndecodableFrame(f"An RLE segment has {len(plane)} bytes where {length} are expected.")
    return plane


def encode_rle(samples: Samples) -> bytes:
    """The codestream of samples of shape (rows, columns) or (rows, columns, 3). No run crosses a row (PS3.5 G.3.1)."""
    octets = samples[..., np.newaxis].view(np.uint8)
    rows, columns = samples.shape[:2]
    planes = octets.reshape(rows, columns, -1, samples.itemsize)[..., ::-1].reshape(rows, columns, -1)
    segments = [_pack(planes[..., plane]) for plane in range(planes.shape[2])]
    offsets = np.cumsum([_HEADER_LENGTH, *map(len, segments)])[: len(segments)]
    header = struct.pack(f"<{len(segments) + 1}L", len(segments), *map(int, offsets))
    return header.ljust(_HEADER_LENGTH, b"\0") + b"".join(segments)


def _pack(plane: NDArray[np.uint8]) -> bytes:
    """A segment, of even length (PS3.5 G.3.1)."""
    packed = bytes(imagecodecs.packbits_encode(np.ascontiguousarray(plane)))
    return packed + b"\0" * (len(packed) % 2)
