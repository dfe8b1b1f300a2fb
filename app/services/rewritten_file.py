"""Files of instances in other transfer syntaxes than the ones they are in (PS3.5 Annex A).

Pixels stay exactly what they are. An instance that is lossy compressed anew would need a SOP Instance UID of its own
(PS3.3 C.7.6.1.1.5), which could not be found under the URL it was asked by: so lossy transfer syntaxes are refused
here, and given for frames and rendered images only. Decoding what was lossy compressed loses nothing more: the UID
stays, and LossyImageCompression says what the pixels went through.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from app.codecs.changes import changes_of, lossy_changes
from app.codecs.errors import TranscodingNotPossible, UndecodableFrame
from app.codecs.frame import NATIVE_SYNTAXES, can_transcode, is_lossless
from app.codecs.offset_tables import SEQUENCE_END, fragment, item, offset_tables
from app.codecs.pixels import Frame, PixelDescription
from app.codecs.rewriting import RewrittenFile, rewrite
from app.dicom.elements import PIXEL_DATA
from app.dicom.encapsulation import MAX_LENGTH
from app.dicom.errors import UnusableInstance
from app.dicom.fragments import UNDEFINED_LENGTH
from app.dicom.native_bytes import swap_words, whole_words
from app.dicom.transfer_syntax import transfer_syntax
from app.dicom.value_encoding import encode_values
from app.services.content import Chunks, Content, concatenated
from app.services.frames import InstanceFrames
from app.services.spool import Spool, spooled
from app.services.transcoding import in_order
from app.services.value_bytes import InstanceReader, value_content
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange

MADE_FIRST_BYTES = 256 << 20
"""Bytes of decoded frames up to which all are made before the first is given, so that one that is damaged is told."""

_NUMBER_OF_FRAMES = 0x00280008


@dataclass(frozen=True, slots=True)
class MadeFrames:
    """The frames of a file, and how each, counted from 0, is made in the transfer syntax that the file gets."""

    stored: InstanceFrames
    pixels: PixelDescription
    make: Callable[[int], Awaitable[Frame]]


async def rewritten_file(
    reader: InstanceReader, instance: StoredInstance, target_uid: str, frames: MadeFrames | None
) -> Content:
    """The file of an instance in the transfer syntax ``target_uid``, its length known before its first byte.

    ``frames`` is None where both transfer syntaxes are native. All frames are made before this returns, but for native
    ones of more than MADE_FIRST_BYTES together: those are made while they are read, so that one that cannot be decoded
    breaks the reading off. Raises TranscodingNotPossible, UndecodableFrame.
    """
    if frames is None:
        file = await _rewrite(reader, instance, target_uid, {})
        parts = _native_data_set(reader, instance, target_uid, file)
    else:
        file, parts = await _with_other_frames(reader, instance, target_uid, frames)
    if transfer_syntax(target_uid).deflated:
        parts = [await _deflated(concatenated(parts))]
    return concatenated([Content.of(file.meta), *parts])


async def _rewrite(
    reader: InstanceReader, instance: StoredInstance, target_uid: str, changes: dict[int, tuple[str, bytes]]
) -> RewrittenFile:
    source = _BlobSource(reader, instance, asyncio.get_running_loop())
    try:
        return await run_cpu(rewrite, source, target_uid, changes)
    except UnusableInstance as error:
        raise TranscodingNotPossible(f"The data set cannot be written anew: {error}") from error


class _BlobSource:
    """A stored file for a reader in a worker, which waits while the event loop reads for it."""

    def __init__(self, reader: InstanceReader, instance: StoredInstance, loop: asyncio.AbstractEventLoop) -> None:
        self._reader = reader
        self._instance = instance
        self._loop = loop
        self.size = instance.size

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` (exclusive), fewer at the end."""
        byte_range = ByteRange(start, max(start, min(stop, self.size)))
        reading = self._reader.read(self._instance, byte_range)
        return bytes(asyncio.run_coroutine_threadsafe(reading, self._loop).result())


def _native_data_set(
    reader: InstanceReader, instance: StoredInstance, target_uid: str, file: RewrittenFile
) -> list[Content]:
    """A native data set with its native pixels, which at most change their byte order."""
    stored, target = transfer_syntax(instance.transfer_syntax_uid), transfer_syntax(target_uid)
    if file.pixels is None:
        return [Content.of(file.before + file.after)]
    value = value_content(reader, instance, file.pixels.byte_range, file.deflated_from)
    if stored.little_endian != target.little_endian:
        value = _swapped(value, file.pixels.word_size)
    return _with_value(file, file.pixels.tag, file.pixels.vr, value)


def _with_value(file: RewrittenFile, tag: int, vr: str, value: Content) -> list[Content]:
    padding = value.length % 2
    if value.length + padding > MAX_LENGTH:
        raise TranscodingNotPossible("Native pixel data of 4 GB or more has no place in one instance.")
    header = file.writer.header(tag, vr, value.length + padding)
    return [Content.of(file.before + header), value, Content.of(b"\0" * padding + file.after)]


def _swapped(value: Content, word_size: int) -> Content:
    """The same bytes in the other byte order."""

    async def stream(byte_range: ByteRange) -> Chunks:
        words = whole_words(byte_range, 0, word_size)
        position, rest = words.start, b""
        async for chunk in value.stream(ByteRange(words.start, min(words.stop, value.length))):
            data = rest + chunk
            whole = len(data) - len(data) % word_size
            rest = data[whole:]
            swapped = await run_cpu(swap_words, data[:whole], word_size)
            yield swapped[max(byte_range.start - position, 0) : byte_range.stop - position]
            position += whole
        yield rest[max(byte_range.start - position, 0) : byte_range.stop - position]

    return Content(value.length, stream)


async def _with_other_frames(
    reader: InstanceReader, instance: StoredInstance, target_uid: str, frames: MadeFrames
) -> tuple[RewrittenFile, list[Content]]:
    """A data set whose frames are decoded, encoded, or both."""
    stored, pixels, count = frames.stored, frames.pixels, frames.stored.index.number_of_frames
    _check(instance.transfer_syntax_uid, target_uid, pixels, count)
    first = await frames.make(0)
    changes = changes_of(first, pixels)
    if instance.transfer_syntax_uid not in NATIVE_SYNTAXES:
        codestream = b"".join([chunk async for chunk in stored.content(0).whole()])
        changes |= lossy_changes(codestream, instance.transfer_syntax_uid, pixels)
    if count > 1:
        changes[_NUMBER_OF_FRAMES] = ("IS", encode_values("IS", [count]))
    file = await _rewrite(reader, instance, target_uid, changes)
    get = partial(_alike, first, frames)
    if target_uid in NATIVE_SYNTAXES:
        vr = "OW" if pixels.bits_allocated > 8 or not transfer_syntax(target_uid).explicit_vr else "OB"
        value = _native_frames(get, len(first.data), count)
        if value.length <= MADE_FIRST_BYTES:
            value = await spooled(value.whole())
        if not transfer_syntax(target_uid).little_endian:
            value = _swapped(value, pixels.sample_bytes)
        return file, _with_value(file, PIXEL_DATA, vr, value)
    return file, await _encapsulated(file, get, count)


def _check(stored_uid: str, target_uid: str, pixels: PixelDescription, count: int) -> None:
    if not can_transcode(stored_uid, target_uid, pixels):
        raise TranscodingNotPossible(f"There is no way from the transfer syntax {stored_uid} to {target_uid}.")
    if not is_lossless(target_uid):
        raise TranscodingNotPossible(
            f"An instance in the lossy transfer syntax {target_uid} would be another one; its frames can be had."
        )
    if target_uid in NATIVE_SYNTAXES and count > 1 and pixels.pixels * pixels.bits_allocated % 8:
        raise TranscodingNotPossible("Frames of one bit that do not end with a byte stay compressed.")


async def _alike(first: Frame, frames: MadeFrames, number: int) -> bytes:
    """A frame, where one data set can describe it and the first one. Raises UndecodableFrame."""
    frame = await frames.make(number) if number else first
    if frame.photometric_interpretation != first.photometric_interpretation:
        uid = frames.stored.instance.key.sop_instance_uid
        raise UndecodableFrame(f"The frames 1 and {number + 1} of {uid} are in different color spaces.")
    return frame.data


_GetFrame = Callable[[int], Awaitable[bytes]]


def _native_frames(get: _GetFrame, length: int, count: int) -> Content:
    """Native frames of ``length`` bytes; only those that a run of bytes touches are made."""

    async def stream(byte_range: ByteRange) -> Chunks:
        touched = range(byte_range.start // length, -(-byte_range.stop // length))
        position = touched.start * length
        async for data in in_order(get, touched):
            yield data[max(byte_range.start - position, 0) : byte_range.stop - position]
            position += length

    return Content(length * count, stream)


async def _encapsulated(file: RewrittenFile, get: _GetFrame, count: int) -> list[Content]:
    """All frames are encoded now: the offset table in front of them needs their lengths."""
    spool = Spool()
    lengths = []
    async for codestream in in_order(get, range(count)):
        lengths.append(len(codestream))
        await spool.write(fragment(codestream))
    basic, extended = offset_tables(lengths)
    head = file.before
    for tag, table in zip((0x7FE00001, 0x7FE00002), extended or (), strict=False):
        head += file.writer.written(tag, "OV", table)
    head += file.writer.header(PIXEL_DATA, "OB", UNDEFINED_LENGTH) + item(basic)
    return [Content.of(head), spool.content(), Content.of(SEQUENCE_END + file.after)]


async def _deflated(data_set: Content) -> Content:
    """A deflated data set, padded to even length (PS3.5 A.5)."""
    spool, compressor = Spool(), zlib.compressobj(wbits=-zlib.MAX_WBITS)
    async for chunk in data_set.whole():
        await spool.write(await run_cpu(compressor.compress, chunk))
    await spool.write(compressor.flush())
    if spool.content().length % 2:
        await spool.write(b"\0")
    return spool.content()
