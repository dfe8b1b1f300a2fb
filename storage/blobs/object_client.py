"""The edge to the object store's client: what the store needs of it, with errors said in storage's own words."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from storage.errors import BlobNotFound, StorageFull, StorageUnavailable
from storage.resource import ByteRange

if TYPE_CHECKING:  # they are types only
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

PART_BYTES = 8 << 20
"""Bytes in one part of a multipart upload. S3 takes 10 000 parts of 5 MiB and more: instances of up to 80 GB."""

PARTS_AT_ONCE = 2
"""Parts of one upload that are on their way, and in memory, at the same time."""

RETRIES: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}
"""A request is tried again for a few seconds: a client is better told 503 soon than left waiting."""

CONNECTION: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=60),
    "allow_http": True,
}
"""``timeout`` is for one request, of PART_BYTES at the most. Plain HTTP is used where the endpoint says so only."""

_NO_ROOM = "status code: 507", "QuotaExceeded", "StorageFull"
"""What stores with an end say when they have reached it (RFC 4918 11.5, Ceph, MinIO)."""


class StoredObject(NamedTuple):
    """An object as the store lists it: ``size`` in bytes, ``written`` in seconds of Unix time."""

    path: str
    size: int
    written: float


class ObjectClient:
    """Objects by their paths below the prefix that the URL names.

    Every method raises StorageUnavailable when the store is away or refuses.
    """

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        """Name the store; credentials that ``options`` do not hold are those of the environment."""
        config = cast("S3Config", dict(options))  # or that of another kind of store, as the URL says
        self._store = from_url(url, config=config, client_options=CONNECTION, retry_config=RETRIES)

    async def put(self, path: str, data: bytes) -> None:
        """Write an object in one request. Raises StorageFull."""
        with _client_errors():
            await obstore.put_async(self._store, path, data, use_multipart=False)

    async def put_parts(self, path: str, data: AsyncIterator[bytes]) -> None:
        """Write an object as a multipart upload, which is aborted when ``data`` raises. Raises StorageFull."""
        with _client_errors():
            await obstore.put_async(self._store, path, data, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    async def get(self, path: str, byte_range: ByteRange) -> bytes:
        """Bytes of an object, fewer where it ends. Raises BlobNotFound."""
        with _client_errors():
            start, stop = byte_range.start, byte_range.stop
            return bytes(await obstore.get_range_async(self._store, path, start=start, end=stop))

    async def delete(self, paths: Collection[str]) -> None:
        """Remove objects; one that is not there is no error."""
        if not paths:
            return
        with _client_errors():
            try:
                await obstore.delete_async(self._store, list(paths))
            except FileNotFoundError:
                # Of stores other than S3, which stop at what is missing: each path by itself.
                for path in paths:
                    await self._delete_one(path)

    async def listing(self, prefix: str, at_once: int) -> AsyncIterator[list[StoredObject]]:
        """The objects whose paths begin with a prefix, which ends with a slash, in batches as they are listed."""
        batches = obstore.list(self._store, prefix, chunk_size=at_once)
        with _client_errors():
            async for batch in batches:
                yield [_stored_object(meta) for meta in batch]

    async def head(self, path: str) -> StoredObject:
        """What the store knows of an object. Raises BlobNotFound."""
        with _client_errors():
            return _stored_object(await obstore.head_async(self._store, path))

    async def list(self, prefix: str) -> list[str]:
        """The paths that begin with a prefix, which ends with a slash."""
        with _client_errors():
            return [meta["path"] for meta in await obstore.list(self._store, prefix).collect_async()]

    async def _delete_one(self, path: str) -> None:
        try:
            await obstore.delete_async(self._store, path)
        except FileNotFoundError:
            return


def _stored_object(meta: "ObjectMeta") -> StoredObject:
    return StoredObject(meta["path"], meta["size"], meta["last_modified"].timestamp())


@contextmanager
def _client_errors() -> Iterator[None]:
    """Translate the client's errors; what is said names neither bucket nor path."""
    try:
        yield
    except (FileNotFoundError, BaseError) as error:
        message = str(error)
        if "NoSuchBucket" in message:
            raise StorageUnavailable("the bucket of the object store does not exist") from error
        if isinstance(error, FileNotFoundError):
            raise BlobNotFound("the stored bytes are no longer there") from error
        if "status code: 416" in message:
            raise BlobNotFound("the stored bytes are shorter than they were") from error
        if any(word in message for word in _NO_ROOM):
            raise StorageFull("there is no room left to store the instance") from error
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            raise StorageUnavailable("the object store refuses the server's credentials") from error
        raise StorageUnavailable("the object store does not answer") from error
