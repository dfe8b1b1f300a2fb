"""Archives in a folder, for tests of use cases, and what is put into them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.dicom.store_report import StoreReport
from app.services.archive import Archive
from app.services.store import StorePolicy, StoreRequest
from storage.blobs.local import LocalBlobStore
from storage.index.sqlite import SqliteIndex
from storage.records import DuplicatePolicy
from tests.empty_index import place_empty_index


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Archive]:
    """The archive in a folder, as a server has it open, but nothing is swept."""
    place_empty_index(folder)
    archive = Archive(LocalBlobStore(folder), await SqliteIndex.open(folder / "index.sqlite"))
    try:
        yield archive
    finally:
        await archive.close()


async def store(archive: Archive, file: bytes, duplicates: DuplicatePolicy = DuplicatePolicy.REPLACE) -> StoreReport:
    """Store one instance."""
    async with StoreRequest(archive, policy=StorePolicy(duplicates)) as request:
        blob = request.stage()
        await blob.write(file)
        await request.end_instance(blob)
        return await request.commit()


def instance_files(folder: Path) -> list[bytes]:
    """What the files of all instances hold."""
    return [path.read_bytes() for path in (folder / "instances").rglob("*") if path.is_file()]
