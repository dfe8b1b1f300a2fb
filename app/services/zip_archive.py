"""Instances as one zip archive: a plain tree of stored files, the same bytes each time (PS3.18 8.7.3.1).

Checksums stand behind each file, so that none need be read before it is sent. A run of bytes in the middle of the
archive reads the files that it touches; one of the directory reads the files whose checksums are not known yet.
"""

import zlib
from collections.abc import Callable, Sequence
from functools import partial

from app.services.archive import Archive
from app.services.content import Chunks, Content, concatenated, laid_out
from app.services.retrieve import instance_content
from app.services.zip_format import data_descriptor, directory_end, directory_entry, local_header
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange

CHECKED_AT_ONCE = 1 << 16
"""Bytes whose checksum is made where they are; that of more, in a worker."""


def zip_archive(archive: Archive, instances: Sequence[StoredInstance]) -> Content:
    """The archive; what it holds is not compressed, as pixels are already. For a worker: there may be very many."""
    files = [_File(archive, instance) for instance in instances]
    members = laid_out([file.member_length for file in files], lambda number: files[number].member())
    starts, position = [], 0
    for file in files:
        starts.append(position)
        position += file.member_length
    lengths = [len(file.entry(start, 0)) for file, start in zip(files, starts, strict=True)]
    directory = laid_out(lengths, lambda number: files[number].directory_entry(starts[number]))
    end = directory_end(len(files), members.length, directory.length)
    return concatenated([members, directory, Content.of(end)])


class _File:
    """An instance as a file of the archive; what is written around it is made when it is read."""

    __slots__ = ("_archive", "_checksum", "_instance", "member_length")

    def __init__(self, archive: Archive, instance: StoredInstance) -> None:
        self._archive = archive
        self._instance = instance
        self._checksum: int | None = None
        size = instance.size
        self.member_length = len(local_header(self._name(), size)) + size + len(data_descriptor(size, 0))

    def member(self) -> Content:
        """The file with what stands before and behind it."""
        size = self._instance.size
        descriptor = partial(data_descriptor, size)
        return concatenated(
            [
                Content.of(local_header(self._name(), size)),
                Content(size, self._stream),
                self._with_checksum(len(descriptor(0)), descriptor),
            ]
        )

    def entry(self, start: int, checksum: int) -> bytes:
        """Its entry in the directory."""
        return directory_entry(self._name(), self._instance.size, start, checksum)

    def directory_entry(self, start: int) -> Content:
        """The same, as it is read."""
        return self._with_checksum(len(self.entry(start, 0)), partial(self.entry, start))

    def _name(self) -> bytes:
        key = self._instance.key
        return f"{key.study_instance_uid}/{key.series_instance_uid}/{key.sop_instance_uid}.dcm".encode()

    def _with_checksum(self, length: int, write: Callable[[int], bytes]) -> Content:
        """What ``write`` makes of the checksum of the file, ``length`` bytes."""

        async def stream(byte_range: ByteRange) -> Chunks:
            yield write(await self._known_checksum())[byte_range.start : byte_range.stop]

        return Content(length, stream)

    async def _known_checksum(self) -> int:
        """The checksum of the file, which is read where it is not known yet."""
        if self._checksum is None:
            self._checksum = self._archive.checksums.get(self._instance.blob_key)
        if self._checksum is None:
            async for _ in self._stream(ByteRange(0, self._instance.size)):
                pass
        return self._checksum or 0

    async def _stream(self, byte_range: ByteRange) -> Chunks:
        """A run of the file's bytes. The checksum is known from then on where the run is the whole."""
        is_whole, checksum = len(byte_range) == self._instance.size, 0
        async for chunk in instance_content(self._archive, self._instance).stream(byte_range):
            if is_whole:
                checksum = await _crc32(chunk, checksum)
            yield chunk
        if is_whole:
            self._checksum = checksum
            self._archive.checksums.put(self._instance.blob_key, checksum)


async def _crc32(chunk: bytes | bytearray, checksum: int) -> int:
    return zlib.crc32(chunk, checksum) if len(chunk) <= CHECKED_AT_ONCE else await run_cpu(zlib.crc32, chunk, checksum)
