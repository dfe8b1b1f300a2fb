"""Blobs in an object store: S3 and what speaks like it, Google Cloud Storage, Azure. Many servers share it.

How the parts work together:

- ``object_staging``: bytes come in, at hand for the parser; those of a big instance are sent on as they come, as a
  multipart upload that is aborted when the instance is refused or the client goes away.
- ``object_sessions``: which objects are in doubt after a crash, for any number of servers, without a request for each.
- ``object_reader`` and ``disk_cache``: frames and other ranges, by way of blocks kept on the local disk.
- ``object_client``: the store itself, with retries, and errors in storage's own words.

An object is durable when the store answers. A multipart upload becomes an object when it is complete and not before;
one that a crash cut off is invisible, and is removed by a rule for the bucket's life cycle.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from typing import cast

from storage.blobs.disk_cache import DiskCache
from storage.blobs.files import storage_errors
from storage.blobs.object_client import ObjectClient, StoredObject
from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_reader import ObjectReader
from storage.blobs.object_sessions import PLACED, Sessions
from storage.blobs.object_staging import ObjectStagedBlob, UploadAborted
from storage.blobs.protocol import LISTED_AT_ONCE, PlacedBlob, StagedBlob
from storage.errors import BlobNotFound, StorageError
from storage.resource import ByteRange, ResourceKey

PUTS_AT_ONCE = 8
"""Small instances that are on their way to the store, and in memory, at the same time."""

_SUFFIX = ".dcm"
"""Of every blob's name; other objects are none of ours."""


class ObjectBlobStore:
    """Blobs as objects below the prefix that a URL such as ``s3://bucket/prefix`` names."""

    def __init__(self, url: str, options: ObjectStoreOptions) -> None:
        """Name the store, which is asked nothing yet."""
        self._objects = ObjectClient(url, options.client)
        self._sessions = Sessions(self._objects, options.lease_seconds)
        self._reader = ObjectReader(self._objects, DiskCache(options.folder / "blocks", options.cache_bytes))
        self._staging = options.folder / "staging"
        self._puts = asyncio.Semaphore(PUTS_AT_ONCE)
        with storage_errors():
            self._staging.mkdir(parents=True, exist_ok=True)

    def stage(self) -> ObjectStagedBlob:
        """Begin a blob."""
        return ObjectStagedBlob(self._staging, self)

    async def place(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> list[str]:
        """Send what is not sent yet, and wait for the store's answers."""
        staged = [cast("ObjectStagedBlob", blob) for blob, _ in blobs]  # made by stage() of this very store
        sent = await asyncio.gather(*map(self._place, staged), return_exceptions=True)
        errors = [each for each in sent if isinstance(each, BaseException)]
        keys = [each for each in sent if isinstance(each, str)]
        try:
            for error in errors:
                raise error
            self._sessions.check(keys)
        except BaseException:
            await self.take_back(keys)
            raise
        for blob in staged:
            blob.release()
        return keys

    def placement(self, blobs: Sequence[tuple[StagedBlob, ResourceKey]]) -> None:
        """They are placed by requests, which wait for nobody."""

    async def settle(self, keys: Collection[str]) -> None:
        """Forget that these keys were in doubt."""
        await self._sessions.settle(keys)

    async def unsettled(self) -> list[str]:
        """Keys in doubt that dead processes have left."""
        return await self._sessions.abandoned()

    async def read(self, key: str, byte_range: ByteRange) -> bytes | bytearray:
        """The bytes of one range."""
        pieces = [piece async for piece in self._reader.stream(key, byte_range)]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def stream(self, key: str, byte_range: ByteRange) -> AsyncIterator[bytes | bytearray]:
        """The bytes of one range, in chunks."""
        return self._reader.stream(key, byte_range)

    async def placed(self) -> AsyncIterator[list[PlacedBlob]]:
        """Every object, in batches as the store lists them. One is young for as long as its session may be going on."""
        async for batch in self._objects.listing(PLACED, LISTED_AT_ONCE):
            if blobs := [self._blob(each) for each in batch if each.path.endswith(_SUFFIX)]:
                yield blobs

    async def find(self, key: str) -> PlacedBlob | None:
        """What the store knows of an object."""
        try:
            return self._blob(await self._objects.head(PLACED + key))
        except BlobNotFound:
            return None

    async def delete(self, keys: Collection[str]) -> None:
        """Remove objects. What other servers have of them in their caches goes with time: no row names it."""
        await self._objects.delete([PLACED + key for key in keys])
        await self._reader.forget(keys)

    async def close(self) -> None:
        """End the session."""
        await self._sessions.close()

    async def send(self, data: AsyncIterator[bytes]) -> str:
        """Store bytes as they come, as a multipart upload; the key."""
        key = await self._sessions.new_key()
        try:
            await self._objects.put_parts(PLACED + key, data)
        except UploadAborted:
            await self._sessions.settle([key])
            raise
        return key

    async def take_back(self, keys: list[str]) -> None:
        """Remove what was placed and is not wanted; while the store is away, it stays in doubt."""
        with suppress(StorageError):
            await self.delete(keys)
            await self.settle(keys)

    def _blob(self, found: StoredObject) -> PlacedBlob:
        key = found.path.removeprefix(PLACED)
        return PlacedBlob(key, found.size, found.written, not self._sessions.is_over(key))

    async def _place(self, blob: ObjectStagedBlob) -> str:
        if (key := await blob.sent()) is not None:
            return key
        async with self._puts:
            key = await self._sessions.new_key()
            # When this fails, the key stays in doubt: the store may have the bytes all the same.
            await self._objects.put(PLACED + key, await asyncio.to_thread(blob.read, 0, blob.size))
        return key
