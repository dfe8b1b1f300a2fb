"""What is left of an instance whose bytes are damaged: brought to safety before the instance leaves the archive."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.services.archive import Archive
from storage.blobs.files import sync_folder
from storage.errors import BlobNotFound, StorageUnavailable
from storage.records import StoredInstance
from storage.resource import ByteRange


async def move_out(archive: Archive, instance: StoredInstance, folder: Path) -> None:
    """Write the metadata of an instance, and the bytes that are left, into ``folder``; then delete the instance.

    They are two files named by the blob key: ``….json`` with the DICOM JSON document, ``….dcm`` with the bytes, if
    any. Raises StorageUnavailable when they cannot be written; then nothing is deleted. Nor is what has taken the
    instance's place meanwhile.
    """
    name = instance.blob_key.replace("/", "_").removesuffix(".dcm")
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        documents = [document async for batch in archive.index.metadata(instance.key) for document in batch]
        await _write(folder / f"{name}.json", _given(documents))
        found = await archive.blobs.find(instance.blob_key)
        if found is not None:
            await _write(folder / f"{name}.dcm", _readable(archive, instance.blob_key, found.size))
        await asyncio.to_thread(sync_folder, folder)
    except OSError as error:
        raise StorageUnavailable(f"what is damaged cannot be written to {folder}: {error.strerror}") from error
    if await archive.index.known_blob_keys([instance.blob_key]):
        await archive.index.delete(instance.key)


async def _given(documents: list[bytes]) -> AsyncIterator[bytes]:
    for document in documents:
        yield document


async def _readable(archive: Archive, key: str, size: int) -> AsyncIterator[bytes | bytearray]:
    """The bytes of a blob as far as they can be read."""
    try:
        async for chunk in archive.blobs.stream(key, ByteRange(0, size)):
            yield chunk
    except (BlobNotFound, StorageUnavailable):
        return


async def _write(path: Path, chunks: AsyncIterator[bytes | bytearray]) -> None:
    """Write a file, which is on the disk then."""
    with path.open("wb") as file:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
