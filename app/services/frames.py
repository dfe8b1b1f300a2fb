"""RetrieveFrames: the stored bytes of frames, found by the index made at ingest (PS3.18 10.4.1.1.5)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.frame_index import FrameIndex
from app.dicom.native_bytes import cut_bits, swap_words, whole_words
from app.dicom.transfer_syntax import transfer_syntax
from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from app.services.value_bytes import read_ranges, stream_ranges
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ResourceKey

PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA = "7FE00010", "7FE00008", "7FE00009"


@dataclass(frozen=True, slots=True)
class InstanceFrames:
    """The frames of an instance; ``big_endian`` tells where big endian pixel data is, and in which words."""

    archive: Archive
    instance: StoredInstance
    index: FrameIndex
    big_endian: BulkValue | None = None

    def length(self, frame: int) -> int:
        """Bytes of a frame, counted from 0."""
        return (self.index.bits(frame)[1] + 7) // 8

    async def stream(self, frame: int) -> AsyncIterator[bytes | bytearray]:
        """The bytes of a frame, counted from 0: a codestream, or native pixels in little endian order."""
        first, count = self.index.bits(frame)
        if first % 8 or count % 8:
            yield cut_bits(await self._read(frame), first, count)
        elif self.big_endian is not None:
            yield await self._read(frame)
        else:
            ranges = self.index.ranges(frame)
            async for chunk in stream_ranges(self.archive, self.instance, ranges, self.index.deflated_from):
                yield chunk

    async def _read(self, frame: int) -> bytes:
        """The bytes that hold a frame, in little endian order."""
        ranges = self.index.ranges(frame)
        if self.big_endian is None:
            return await read_ranges(self.archive, self.instance, ranges, self.index.deflated_from)
        # Frames need not begin at a word: the words around are swapped, then the frame is cut out.
        [byte_range], start = ranges, self.big_endian.byte_range.start
        words = whole_words(byte_range, start, self.big_endian.word_size)
        stored = await read_ranges(self.archive, self.instance, [words], None)
        swapped = await run_cpu(swap_words, stored, self.big_endian.word_size)
        return swapped[byte_range.start - words.start : byte_range.stop - words.start]


async def find_frames(archive: Archive, key: ResourceKey, frames: Sequence[int] = ()) -> InstanceFrames:
    """The frames of an instance, where all of ``frames`` (counted from 0) are among them. Raises ResourceNotFound."""
    instance = await archive.instance(key)
    index = await _frame_index(archive, instance)
    for frame in frames:
        if frame >= index.number_of_frames:
            raise ResourceNotFound(f"the instance has {index.number_of_frames} frames, there is no frame {frame + 1}")
    return InstanceFrames(archive, instance, index, await _big_endian_value(archive, instance))


async def _big_endian_value(archive: Archive, instance: StoredInstance) -> BulkValue | None:
    """Where the pixel data is, if it is big endian."""
    if transfer_syntax(instance.transfer_syntax_uid).little_endian:
        return None
    index = BulkIndex.from_bytes(await archive.index.bulk_index(instance) or b"")
    return index.find(PIXEL_DATA) or index.find(FLOAT_PIXEL_DATA) or index.find(DOUBLE_FLOAT_PIXEL_DATA)


async def _frame_index(archive: Archive, instance: StoredInstance) -> FrameIndex:
    index = archive.frame_indexes.get(instance.blob_key)
    if index is None:
        encoded = await archive.index.frame_index(instance)
        if not encoded:
            raise ResourceNotFound(f"the instance has no frames: {instance.key.path}")
        index = FrameIndex.from_bytes(encoded)
        archive.frame_indexes.put(instance.blob_key, index)
    return index
