"""Instances as the rendering services see them: DICOM JSON and frames as they are kept at ingest."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.codecs.pixels import PixelDescription
from app.dicom.bulk_index import BulkIndex
from app.dicom.frame_index import FrameIndex
from app.dicom.native_bytes import cut_bits, swap_words, whole_words
from app.dicom.part10 import BytesSource, ParsedInstance, parse
from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import DecodedFrame, decode_frame

PIXEL_DATA = frozenset({"7FE00008", "7FE00009", "7FE00010"})


@dataclass(frozen=True)
class Instance:
    """A parsed file, wholly in memory."""

    path: Path

    @cached_property
    def parsed(self) -> ParsedInstance:
        return parse(BytesSource(self.path.read_bytes()))

    @cached_property
    def metadata(self) -> dict[str, dict[str, object]]:
        return orjson.loads(self.parsed.metadata)

    @property
    def has_frames(self) -> bool:
        return bool(self.parsed.frame_index)

    @property
    def number_of_frames(self) -> int:
        return self._frames.number_of_frames

    @cached_property
    def _bulk(self) -> BulkIndex:
        return BulkIndex.from_bytes(self.parsed.bulk_index)

    @cached_property
    def _frames(self) -> FrameIndex:
        return FrameIndex.from_bytes(self.parsed.frame_index)

    def _read(self, start: int, stop: int, deflated_from: int | None) -> bytes:
        data = self.path.read_bytes()
        if deflated_from is not None:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[deflated_from:])
        return data[start:stop]

    def bulk_data(self, uri: str) -> bytes:
        value = self._bulk.values[uri.partition("/bulkdata/")[2]]
        data = self._read(value.byte_range.start, value.byte_range.stop, self._bulk.deflated_from)
        return swap_words(data, value.word_size)

    def attributes(self, frame: int = 0) -> FrameAttributes:
        return FrameAttributes(self.metadata, self.bulk_data, frame)

    def frame_bytes(self, frame: int = 0) -> bytes:
        """The stored frame, little endian, from its first bit on."""
        index = self._frames
        ranges = index.ranges(frame)
        if index.is_encapsulated:
            return b"".join(self._read(each.start, each.stop, index.deflated_from) for each in ranges)
        pixel_data = next(value for tag, value in self._bulk.values.items() if tag in PIXEL_DATA)
        start, size = pixel_data.byte_range.start, pixel_data.word_size
        words = whole_words(ranges[0], start, size)
        data = swap_words(self._read(words.start, words.stop, index.deflated_from), size)
        first, count = index.bits(frame)
        first += 8 * (ranges[0].start - words.start)
        return cut_bits(data, first, count)

    def decoded(self, frame: int = 0) -> DecodedFrame:
        pixels = PixelDescription.from_metadata(self.metadata)
        return decode_frame(self.frame_bytes(frame), self.parsed.transfer_syntax_uid, pixels)


def attributes_of(data_set: Dataset, frame: int = 0) -> FrameAttributes:
    """A data set of pydicom's as the rendering sees it, all values inline."""
    return FrameAttributes(data_set.to_json_dict(2**40, None), no_bulk_data, frame)


def no_bulk_data(uri: str) -> bytes:
    raise LookupError(uri)


def decoded_of(data_set: Dataset, array: NDArray[np.generic]) -> DecodedFrame:
    """A frame of pydicom's, with the description that its data set gives."""
    pixels = PixelDescription.from_metadata(data_set.to_json_dict(2**40, lambda element: "none"))
    raw = array if array.dtype.kind == "f" else array.view(f"u{array.dtype.itemsize}")
    return DecodedFrame(raw, str(data_set.PhotometricInterpretation), pixels)


def image(array: NDArray[np.generic], **attributes: object) -> Dataset:
    """A data set with an Image Pixel Module for such pixels, all bits stored unless said otherwise."""
    data_set = Dataset()
    data_set.Rows, data_set.Columns = array.shape[:2]
    data_set.SamplesPerPixel = 1 if array.ndim == 2 else array.shape[2]
    data_set.PhotometricInterpretation = "MONOCHROME2" if array.ndim == 2 else "RGB"
    data_set.BitsAllocated = data_set.BitsStored = 8 * array.dtype.itemsize
    data_set.PixelRepresentation = int(array.dtype.kind == "i")
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    data_set.HighBit = attributes.get("HighBit", data_set.BitsStored - 1)
    if array.ndim == 3:
        data_set.PlanarConfiguration = 0
    return data_set
