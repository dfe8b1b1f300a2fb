"""Zip archives of instances, as people upload them: each member is stored like a file of its own."""

import io
import zipfile
from collections.abc import Iterator

from app.services.errors import ArchiveTooLarge, UnreadableArchive
from app.services.store import StoreRequest
from app.workers import run_cpu
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob

_SIGNATURES = b"PK\x03\x04", b"PK\x05\x06"
_PREFIX_AT = 128

MAX_DIRECTORY_BYTES = 16 << 20
"""Of an archive: an entry takes ten times its length in memory. 50 000 files with names of 250 characters."""


class UnpackedBytes:
    """Counts what comes out of the archives of one request: a few received bytes can stand for terabytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def count(self, size: int) -> None:
        """So many bytes more. Raises ArchiveTooLarge."""
        self._left -= size
        if self._left < 0:
            raise ArchiveTooLarge(f"the files of the archives are longer than {self._most} bytes")


def is_zip(blob: StagedBlob) -> bool:
    """Whether the bytes are a zip archive, and not a DICOM file whose preamble looks like one (PS3.10 7.1)."""
    head = blob.read(0, _PREFIX_AT + 4)
    return head.startswith(_SIGNATURES) and head[_PREFIX_AT:] != b"DICM"


async def store_members(
    request: StoreRequest, blob: StagedBlob, most_members: int, unpacked: UnpackedBytes
) -> list[str]:
    """Store every file of an archive; their names, in the order of the outcomes.

    Sizes are counted as they come out, whatever the archive says of itself. Raises UnreadableArchive, ArchiveTooLarge.
    """
    archive = await run_cpu(_open, blob)
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > most_members:
        raise ArchiveTooLarge(f"the archive holds {len(members)} files, {most_members} may be stored at once")
    for member in members:
        target = request.stage()
        pieces = _pieces(archive, member)
        while (piece := await run_cpu(next, pieces, None)) is not None:
            unpacked.count(len(piece))
            await target.write(piece)
        await request.end_instance(target)
    return [member.filename for member in members]


def _open(blob: StagedBlob) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_ArchiveFile(_BlobFile(blob)))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableArchive("the zip archive cannot be read") from error


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        # zipfile raises all of these for what is damaged, encrypted, or packed in ways it does not know.
        raise UnreadableArchive(f"a file of the zip archive cannot be read: {member.filename[:80]!r}") from error


class _ArchiveFile(io.BufferedReader):
    """An archive, whose directory zipfile reads at one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Some bytes. Raises ArchiveTooLarge for a directory that would take too much memory."""
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise ArchiveTooLarge(f"the directory of the archive is longer than {MAX_DIRECTORY_BYTES} bytes")
        return super().read(size)


class _BlobFile(io.RawIOBase):
    """A staged blob as zipfile wants to see it."""

    def __init__(self, blob: StagedBlob) -> None:
        super().__init__()
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._blob.size}[whence]
        if base + offset < 0:
            raise OSError("before the start")  # as a file does, which zipfile counts on
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed has a Buffer of 3.12
        """Fill the buffer from the position on."""
        data = self._blob.read(self._position, self._position + len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
