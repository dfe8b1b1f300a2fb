"""Instances read again from their blobs, as they were when they came: for those of which the index knows nothing."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.dicom.byte_source import Window
from app.dicom.file_meta import read_file_meta, uid_of
from app.dicom.limits import ParseLimits
from app.dicom.part10 import parse
from app.dicom.part10_writer import IMPLEMENTATION_CLASS_UID
from app.services.prepared_instance import as_record, parse_and_digest
from app.workers import run_cpu
from storage.blobs.protocol import BlobStore, PlacedBlob
from storage.records import InstanceRecord
from storage.resource import ByteRange, ResourceKey

_IMPLEMENTATION_CLASS_UID = 0x00020012

Bytes = bytes | bytearray

RunRead = Callable[[Coroutine[Any, Any, Bytes]], Bytes]
"""Waits for the bytes that a coroutine reads."""


class PlacedSource:
    """The bytes of a placed blob for a parser, which is synchronous; ``run`` waits for them."""

    def __init__(self, blobs: BlobStore, blob: PlacedBlob, run: RunRead) -> None:
        self.size = blob.size
        self._blobs = blobs
        self._key = blob.key
        self._run = run

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop`` (exclusive), fewer at the end. Raises what reading a blob raises."""
        stop = min(stop, self.size)
        return bytes(self._run(self._blobs.read(self._key, ByteRange(start, stop)))) if start < stop else b""


async def identify(blobs: BlobStore, blob: PlacedBlob, limits: ParseLimits) -> ResourceKey:
    """Which instance a blob holds. Raises UnusableInstance, BlobNotFound, StorageUnavailable."""
    loop = asyncio.get_running_loop()
    source = PlacedSource(blobs, blob, lambda reading: asyncio.run_coroutine_threadsafe(reading, loop).result())
    return (await run_cpu(partial(parse, source, limits))).key


async def digest(blobs: BlobStore, key: str, size: int) -> bytes:
    """The SHA-256 of the first ``size`` bytes of a blob. Raises BlobNotFound, StorageUnavailable."""
    sha256 = hashlib.sha256()
    async for chunk in blobs.stream(key, ByteRange(0, size)):
        await run_cpu(sha256.update, chunk)
    return sha256.digest()


@dataclass(frozen=True, slots=True)
class Reread:
    """The record of a blob, as it would be entered if its bytes came now.

    A file that ``is_made_here`` is not one that was received: this server has written its File Meta Information.
    """

    record: InstanceRecord
    is_made_here: bool


def reread(source: PlacedSource, blob_key: str, limits: ParseLimits) -> Reread:
    """Read a blob. Raises UnusableInstance, BlobNotFound, StorageUnavailable."""
    meta = read_file_meta(Window(source), limits).elements
    is_made_here = uid_of(meta, _IMPLEMENTATION_CLASS_UID) == IMPLEMENTATION_CLASS_UID
    parsed, sha256 = parse_and_digest(source, limits)
    return Reread(as_record(parsed, blob_key, source.size, sha256), is_made_here)
