"""RetrieveFrames: the stored bytes of frames, found by the index made at ingest (PS3.18 10.4.1.1.6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.frame_index import EncapsulatedFrames, FrameIndex
from app.dicom.native_bytes import cut_bits, swap_words, whole_words
from app.dicom.transfer_syntax import transfer_syntax
from app.services.archive import Archive
from app.services.content import Chunks, Content
from app.services.errors import ResourceNotFound
from app.services.fragments import fragments_content
from app.services.value_bytes import InstanceReader, read_value, value_content
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange, ResourceKey

PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA = "7FE00010", "7FE00008", "7FE00009"

FRAME_INDEX_OVERHEAD = 1024
"""Bytes that a remembered frame index takes in memory beside its numbers."""


@dataclass(frozen=True, slots=True)
class InstanceFrames:
    """The frames of an instance; ``big_endian`` tells where big endian pixel data is, and in which words."""

    reader: InstanceReader
    instance: StoredInstance
    index: FrameIndex
    big_endian: BulkValue | None = None

    def content(self, frame: int) -> Content:
        """The bytes of a frame, counted from 0: a codestream, or native pixels in little endian order."""
        if isinstance(self.index, EncapsulatedFrames):
            return fragments_content(self.reader, self.instance, *self.index.fragments(frame))
        first, count = self.index.bits(frame)
        length = (count + 7) // 8
        if first % 8 or count % 8 or self.big_endian is not None:
            return Content(length, partial(self._changed, frame))
        [byte_range] = self.index.ranges(frame)
        return value_content(self.reader, self.instance, byte_range, self.index.deflated_from)

    async def _changed(self, frame: int, byte_range: ByteRange) -> Chunks:
        """Bytes of a frame that is not stored as it is given: changed as a whole, then cut."""
        first, count = self.index.bits(frame)
        data = await self._read(frame)
        if first % 8 or count % 8:
            data = cut_bits(data, first, count)
        yield data[byte_range.start : byte_range.stop]

    async def _read(self, frame: int) -> bytes:
        """The bytes that hold a native frame, in little endian order."""
        [byte_range] = self.index.ranges(frame)
        if self.big_endian is None:
            return await read_value(self.reader, self.instance, byte_range, self.index.deflated_from)
        # Frames need not begin at a word: the words around are swapped, then the frame is cut out.
        words = whole_words(byte_range, self.big_endian.byte_range.start, self.big_endian.word_size)
        stored = await read_value(self.reader, self.instance, words, None)
        swapped = await run_cpu(swap_words, stored, self.big_endian.word_size)
        return swapped[byte_range.start - words.start : byte_range.stop - words.start]


async def find_frames(archive: Archive, key: ResourceKey, frames: Sequence[int] = ()) -> InstanceFrames:
    """The frames of an instance, where all of ``frames`` (counted from 0) are among them. Raises ResourceNotFound."""
    found = await archive.find(key, partial(frames_of, archive))
    for frame in frames:
        if frame >= found.index.number_of_frames:
            count = found.index.number_of_frames
            raise ResourceNotFound(f"the instance has {count} frames, there is no frame {frame + 1}")
    return found


async def frames_of(archive: Archive, instance: StoredInstance) -> InstanceFrames | None:
    """The frames of an instance; None when it is gone. Raises ResourceNotFound when it has none."""
    index = await _frame_index(archive, instance)
    if index is None:
        return None
    if transfer_syntax(instance.transfer_syntax_uid).little_endian:
        return InstanceFrames(archive, instance, index)
    encoded = await archive.index.bulk_index(instance)
    if encoded is None:
        return None
    return InstanceFrames(archive, instance, index, pixel_data(BulkIndex.from_bytes(encoded)))


async def frames_of_form(archive: Archive, instance: StoredInstance, target_uid: str) -> InstanceFrames | None:
    """The frames of the file in the transfer syntax ``target_uid`` that is kept beside the stored one, where one is."""
    form = archive.forms.get(instance.blob_key) or await archive.index.form(instance)
    if form is None or form.transfer_syntax_uid != target_uid:
        return None
    archive.forms.put(instance.blob_key, form, FRAME_INDEX_OVERHEAD + len(form.frame_index))
    file = replace(instance, transfer_syntax_uid=form.transfer_syntax_uid, blob_key=form.blob_key, size=form.size)
    return InstanceFrames(archive, file, FrameIndex.from_bytes(form.frame_index))


def pixel_data(index: BulkIndex) -> BulkValue | None:
    """The value that holds the pixels; None where there is none."""
    return index.find(PIXEL_DATA) or index.find(FLOAT_PIXEL_DATA) or index.find(DOUBLE_FLOAT_PIXEL_DATA)


async def _frame_index(archive: Archive, instance: StoredInstance) -> FrameIndex | None:
    index = archive.frame_indexes.get(instance.blob_key)
    if index is not None:
        return index
    encoded = await archive.index.frame_index(instance)
    if encoded is None:
        return None
    if not encoded:
        raise ResourceNotFound(f"the instance has no frames: {instance.key.path}")
    index = FrameIndex.from_bytes(encoded)
    archive.frame_indexes.put(instance.blob_key, index, FRAME_INDEX_OVERHEAD + len(encoded))
    return index
