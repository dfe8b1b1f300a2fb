"""Instances that are brought into one transfer syntax when they are stored: their pixels stay exactly what they are.

Every frame is decoded again before it counts as made, since the file that was received may be let go for it. What
cannot be proven to be the same stays as it came: the lossy compressed, videos, pixels that no codec here knows, what is
damaged, and files that hold other frames than they say. So does what is signed.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import orjson

from app.codecs.errors import CannotTranscode, TranscodingNotPossible
from app.codecs.frame import NATIVE_SYNTAXES, transcode_for_good
from app.codecs.pixels import Frame, PixelDescription
from app.dicom.bulk_index import BulkIndex
from app.dicom.errors import UnusableInstance
from app.dicom.frame_index import FrameIndex
from app.dicom.limits import ParseLimits
from app.dicom.part10 import ParsedInstance
from app.dicom.transfer_syntax import transfer_syntax
from app.services.content import Chunks
from app.services.decoding import run_on_frame
from app.services.frames import InstanceFrames, pixel_data
from app.services.prepared_instance import PreparedInstance
from app.services.rewritten_file import MadeFrames, rewritten_file
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob
from storage.errors import StorageError
from storage.records import StoredInstance
from storage.resource import ByteRange

logger = logging.getLogger(__name__)

INGEST_TRANSFER_SYNTAXES = {
    "explicit-vr-little-endian": "1.2.840.10008.1.2.1",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "htj2k-rpcl": "1.2.840.10008.1.2.4.202",
}
"""What an archive may be kept in, by short names: lossless, and with frames that can be read one by one, which those
of a deflated data set cannot."""

_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{suffix}" for suffix in ("50", "51", "81", "91", "203"))
"""What stays as it came, although it could be decoded: it would take many times the room, and gain nothing."""

_SIGNATURES = b'"FFFAFFFA"'
"""The key of Digital Signatures Sequence: a signature holds for the bytes that were signed (PS3.15 C.2)."""

_NUMBER_OF_FRAMES = "00280008"
_PADDING = 1


class OriginalPolicy(StrEnum):
    """What becomes of a file that was received in another transfer syntax."""

    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class IngestTranscoding:
    """The transfer syntax to bring instances into, and what becomes of the files that are received."""

    transfer_syntax_uid: str
    original: OriginalPolicy = OriginalPolicy.REPLACE

    def is_for(self, parsed: ParsedInstance) -> bool:
        """Whether such an instance is to be tried.

        Beside a native file that is kept another one has no place: it is made on request as fast as it is read.
        """
        stored_uid, target_uid = parsed.transfer_syntax_uid, self.transfer_syntax_uid
        if stored_uid == target_uid or stored_uid in _LOSSY or parsed.is_cut_off or _SIGNATURES in parsed.metadata:
            return False
        if {stored_uid, target_uid} <= NATIVE_SYNTAXES:
            return self.original is OriginalPolicy.REPLACE
        return bool(parsed.frame_index)

    async def apply(self, item: PreparedInstance, blob: StagedBlob, limits: ParseLimits) -> PreparedInstance:
        """What is to be stored of an instance, its bytes sealed; ``blob`` is empty, for those that are made.

        Raises StorageFull, StorageUnavailable.
        """
        made = await self._make(item, blob, limits) if self.is_for(item.parsed) else None
        if made is not None and self.original is OriginalPolicy.REPLACE:
            return replace(made, received_sha256=item.sha256)
        await run_cpu(item.blob.seal)
        return replace(item, form=made)

    async def _make(self, item: PreparedInstance, blob: StagedBlob, limits: ParseLimits) -> PreparedInstance | None:
        try:
            await _write_transcoded(item, self.transfer_syntax_uid, blob)
            made = await run_cpu(PreparedInstance.read, blob, limits)
        except (CannotTranscode, UnusableInstance) as error:
            logger.info("an instance stays in the transfer syntax %s: %s", item.parsed.transfer_syntax_uid, error)
            return None
        except StorageError:
            raise
        except Exception:  # a fault in a codec must not keep an instance out, which can be stored as it is
            logger.exception("an instance stays in the transfer syntax %s", item.parsed.transfer_syntax_uid)
            return None
        await run_cpu(blob.seal)
        return made


async def _write_transcoded(item: PreparedInstance, target_uid: str, made: StagedBlob) -> None:
    """Write the file of a received instance in the transfer syntax ``target_uid``.

    Raises TranscodingNotPossible, UndecodableFrame, StorageFull, StorageUnavailable.
    """
    received, parsed = item.blob, item.parsed
    instance = StoredInstance(
        0, parsed.key, parsed.sop_class_uid, parsed.transfer_syntax_uid, "", received.size, item.sha256
    )
    reader, frames = _ReceivedFile(received), None
    if not {parsed.transfer_syntax_uid, target_uid} <= NATIVE_SYNTAXES:
        frames = await _made_frames(reader, instance, parsed, target_uid)
    content = await rewritten_file(reader, instance, target_uid, frames)
    async for chunk in content.whole():
        await made.write(bytes(chunk))


class _ReceivedFile:
    """The bytes of one instance that is not stored yet. Not read by ``run_cpu``, whose threads may wait for them."""

    def __init__(self, blob: StagedBlob) -> None:
        self._blob = blob

    async def read(self, instance: StoredInstance, byte_range: ByteRange) -> bytes:
        """A range, held in memory."""
        return await asyncio.to_thread(self._blob.read, byte_range.start, byte_range.stop)

    async def stream(self, instance: StoredInstance, byte_range: ByteRange) -> Chunks:
        """A range in chunks."""
        for start in range(byte_range.start, byte_range.stop, CHUNK_BYTES):
            yield await self.read(instance, ByteRange(start, min(start + CHUNK_BYTES, byte_range.stop)))


async def _made_frames(
    reader: _ReceivedFile, instance: StoredInstance, parsed: ParsedInstance, target_uid: str
) -> MadeFrames:
    stored_uid, index = parsed.transfer_syntax_uid, FrameIndex.from_bytes(parsed.frame_index)
    values = BulkIndex.from_bytes(parsed.bulk_index)
    document = await run_cpu(orjson.loads, parsed.metadata)
    _check_frames(document, index, values)
    pixels = PixelDescription.from_metadata(document)
    big_endian = None if transfer_syntax(stored_uid).little_endian else pixel_data(values)
    frames = InstanceFrames(reader, instance, index, big_endian)

    async def make(number: int) -> Frame:
        data = b"".join([chunk async for chunk in frames.content(number).whole()])
        return await run_on_frame(instance, number, transcode_for_good, data, stored_uid, target_uid, pixels)

    return MadeFrames(frames, pixels, make)


def _check_frames(document: Mapping[str, Mapping[str, object]], index: FrameIndex, values: BulkIndex) -> None:
    """Raises TranscodingNotPossible where the frames are not all that the pixel data holds, or should hold."""
    stated = document.get(_NUMBER_OF_FRAMES, {}).get("Value")
    count = stated[0] if isinstance(stated, list) and stated else 1
    if count != index.number_of_frames:
        raise TranscodingNotPossible(f"NumberOfFrames is {count}, but there are {index.number_of_frames} frames.")
    value = pixel_data(values)
    if index.is_encapsulated or value is None:
        return
    if value.byte_range.stop - index.ranges(index.number_of_frames - 1)[-1].stop > _PADDING:
        raise TranscodingNotPossible("The pixel data is longer than its frames.")
