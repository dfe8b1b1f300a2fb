"""RetrieveFrames: the stored bytes of frames, found by the index made at ingest (PS3.18 10.4.1.1.5)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.dicom.frame_index import FrameIndex
from app.dicom.native_bytes import cut_bits
from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from app.services.value_bytes import read_ranges, stream_ranges
from storage.records import StoredInstance
from storage.resource import ResourceKey


@dataclass(frozen=True, slots=True)
class InstanceFrames:
    """The frames of an instance."""

    archive: Archive
    instance: StoredInstance
    index: FrameIndex

    def length(self, frame: int) -> int:
        """Bytes of a frame, counted from 0."""
        return (self.index.bits(frame)[1] + 7) // 8

    async def stream(self, frame: int) -> AsyncIterator[bytes | bytearray]:
        """The bytes of a frame, counted from 0: a codestream, or native pixels in little endian order."""
        ranges, deflated_from = self.index.ranges(frame), self.index.deflated_from
        first, count = self.index.bits(frame)
        if first % 8 == 0 and count % 8 == 0:
            async for chunk in stream_ranges(self.archive, self.instance, ranges, deflated_from):
                yield chunk
        else:
            yield cut_bits(await read_ranges(self.archive, self.instance, ranges, deflated_from), first, count)


async def find_frames(archive: Archive, key: ResourceKey, frames: Sequence[int] = ()) -> InstanceFrames:
    """The frames of an instance, where all of ``frames`` (counted from 0) are among them. Raises ResourceNotFound."""
    instance = await archive.instance(key)
    index = await _frame_index(archive, instance)
    for frame in frames:
        if frame >= index.number_of_frames:
            raise ResourceNotFound(f"the instance has {index.number_of_frames} frames, there is no frame {frame + 1}")
    return InstanceFrames(archive, instance, index)


async def _frame_index(archive: Archive, instance: StoredInstance) -> FrameIndex:
    index = archive.frame_indexes.get(instance.blob_key)
    if index is None:
        encoded = await archive.index.frame_index(instance)
        if not encoded:
            raise ResourceNotFound(f"the instance has no frames: {instance.key.path}")
        index = FrameIndex.from_bytes(encoded)
        archive.frame_indexes.put(instance.blob_key, index)
    return index
