"""Blobs in a folder of the local file system, laid out for people: one DICOM file per instance.

    instances/<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.<token>.dcm    what is stored
    staging/<process>/…                                                             what is on its way in

The token makes every placed file a new one, so that a name never changes its bytes.
"""

import asyncio
import os
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import cast

from storage.blobs.files import move_into, remove_all, storage_errors, sync_file, sync_folder, write_into
from storage.blobs.local_listing import placed_blob, placed_blobs
from storage.blobs.open_file import OpenFile
from storage.blobs.protocol import CHUNK_BYTES, LISTED_AT_ONCE, PlacedBlob, StagedBlob
from storage.blobs.staged_file import LocalStagedBlob
from storage.blobs.staging import StagingArea
from storage.cache import RecentlyUsed
from storage.errors import BlobNotFound
from storage.placement import Placement
from storage.resource import ByteRange, ResourceKey

OPEN_FILES = 256
"""Files kept open for reading, at the most: a viewer asks for the frames of a few files again and again."""

SYNCING_AT_ONCE = 8
"""Files of one store request that are synced at the same time."""


PLACED_WITH_ROWS = 16
"""Blobs of one request that are placed by the thread that commits their rows, at the most: others wait behind it."""


class LocalBlobStore:
    """Blobs as files below ``folder``, which is made when missing."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "instances"
        with storage_errors():
            self._root.mkdir(parents=True, exist_ok=True)
            self._staging = StagingArea(folder / "staging", self._root)
        self._syncing = ThreadPoolExecutor(SYNCING_AT_ONCE, "blob sync")
        self._open_files: RecentlyUsed[str, OpenFile] = RecentlyUsed(OPEN_FILES)

    def stage(self) -> LocalStagedBlob:
        """Begin a blob."""
        return self._staging.new_blob()

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Move sealed files to where they stay and make their names durable."""
        keys = [_new_key(resource) for _, resource in blobs]
        staged = [cast("LocalStagedBlob", blob) for blob, _ in blobs]  # made by stage() of this very store
        await asyncio.to_thread(self._place, staged, keys)
        return keys

    def placement(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> Placement | None:
        """A few blobs that are held in memory: to place them takes as long as to wake another thread for it."""
        staged = [cast("LocalStagedBlob", blob) for blob, _ in blobs]
        if len(staged) > PLACED_WITH_ROWS or not all(blob.is_journaled for blob in staged):
            return None
        return _LocalPlacement(self._place, staged, [_new_key(resource) for _, resource in blobs])

    async def settle(self, keys: Collection[str]) -> None:
        """Forget the note that these keys are being placed."""
        self._staging.settle(keys)

    async def unsettled(self) -> list[str]:
        """Keys that processes which ended have left in doubt."""
        return self._staging.inherited_keys()

    async def read(self, key: str, byte_range: ByteRange) -> bytes | bytearray:
        """The bytes of one range; without a thread when they are in the page cache."""
        return await self._read(await self._open(key), byte_range)

    async def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """The bytes of one range, in chunks."""
        file = await self._open(key)
        for start in range(byte_range.start, byte_range.stop, CHUNK_BYTES):
            yield await self._read(file, ByteRange(start, min(start + CHUNK_BYTES, byte_range.stop)))

    async def placed(self) -> AsyncIterator[list[PlacedBlob]]:
        """Every file, in batches."""
        blobs = placed_blobs(self._root)
        with storage_errors():
            while batch := await asyncio.to_thread(lambda: list(islice(blobs, LISTED_AT_ONCE))):
                yield batch

    async def find(self, key: str) -> PlacedBlob | None:
        """What the file system knows of a file."""
        with storage_errors():
            return await asyncio.to_thread(placed_blob, self._root, key)

    async def delete(self, keys: Collection[str]) -> None:
        """Remove files, and the folders that are empty then.

        A reader that has a file open reads it to its end. Another process that has it among its OPEN_FILES keeps it
        there until others have taken its place: the system frees the room on the disk only then.
        """
        for key in keys:
            self._open_files.forget(key)
        with storage_errors():
            await asyncio.to_thread(remove_all, [self._path(key) for key in keys], self._root)

    async def close(self) -> None:
        """Close the files and leave the staging area."""
        self._open_files.clear()
        await asyncio.to_thread(self._syncing.shutdown)
        with storage_errors():
            await asyncio.to_thread(self._staging.close)

    def _path(self, key: str) -> Path:
        return self._root / PurePosixPath(key)

    def _place(self, blobs: Sequence[LocalStagedBlob], keys: Sequence[str]) -> None:
        self._staging.note(keys)
        try:
            with storage_errors():
                self._bring(blobs, keys)
        except BaseException:
            # What cannot be removed either stays in doubt, and the next start removes it.
            with suppress(OSError):
                remove_all([self._path(key) for key in keys], self._root)
                self._staging.settle(keys)
            raise
        for blob in blobs:
            blob.placed()

    def _bring(self, blobs: Sequence[LocalStagedBlob], keys: Sequence[str]) -> None:
        """Write or move files, and sync them; the syncing of small ones is left to the journal."""
        folders: set[Path] = set()
        to_sync: list[Path] = []
        journaled: list[tuple[str, bytes]] = []
        for blob, key in zip(blobs, keys, strict=True):
            if blob.is_journaled:
                held = blob.held
                folders.update(write_into(self._root, key, held))
                journaled.append((key, held))
                continue
            path = self._path(key)
            if blob.is_held:
                folders.update(write_into(self._root, key, blob.held))
            else:
                os.utime(blob.path)  # the time of placing, not that of the last byte: a blob is young from here on
                folders.update(move_into(blob.path, path, self._root))
            folders.add(path.parent)
            to_sync.append(path)
        # Files are synced behind their renaming: a journal of the file system then takes both at once, and finds
        # little left to do for the folders.
        self._sync(to_sync)
        for folder in folders:
            sync_folder(folder)
        self._staging.journal.append(journaled)

    def _sync(self, paths: Sequence[Path]) -> None:
        """Sync files, several at a time: they share the journal's work."""
        if len(paths) == 1:
            sync_file(paths[0])
        elif paths:
            deque(self._syncing.map(sync_file, paths), maxlen=0)

    async def _open(self, key: str) -> OpenFile:
        file = self._open_files.get(key)
        if file is None:
            with storage_errors():
                try:
                    file = await asyncio.to_thread(OpenFile.open, self._path(key))
                except FileNotFoundError as error:
                    raise BlobNotFound("the stored bytes are no longer there") from error
            self._open_files.put(key, file)
        return file

    async def _read(self, file: OpenFile, byte_range: ByteRange) -> bytes | bytearray:
        with storage_errors():
            data: bytes | bytearray = file.read_cached(byte_range)
            if len(data) < len(byte_range):
                data = await asyncio.to_thread(file.read, byte_range)
        if len(data) < len(byte_range):
            raise BlobNotFound("the stored bytes are shorter than they were")
        return data


@dataclass(frozen=True, slots=True)
class _LocalPlacement:
    """Blobs that ``place`` places under their keys."""

    place: Callable[[Sequence[LocalStagedBlob], Sequence[str]], None]
    blobs: list[LocalStagedBlob]
    keys: list[str]

    def place_with(self, others: Sequence[Placement]) -> None:
        """All at once: they share one sync of the journal."""
        together = [self, *(cast("_LocalPlacement", other) for other in others)]  # made by placement() of this store
        self.place([blob for each in together for blob in each.blobs], [key for each in together for key in each.keys])


def _new_key(resource: ResourceKey) -> str:
    return (
        f"{resource.study_instance_uid}/{resource.series_instance_uid}/"
        f"{resource.sop_instance_uid}.{secrets.token_hex(6)}.dcm"
    )
