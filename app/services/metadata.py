"""RetrieveMetadata: the DICOM JSON objects written at ingest, given as they are (PS3.18 10.4.1.1.2)."""

from collections.abc import AsyncIterator, Sequence

from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from storage.resource import ResourceKey


async def metadata_revision(archive: Archive, key: ResourceKey) -> bytes:
    """What changes whenever the metadata of a study, series or instance does. Raises ResourceNotFound.

    To be asked before the metadata is read: it is then never newer than what it names.
    """
    revision = await archive.index.revision(key)
    if revision is None:
        raise ResourceNotFound(f"nothing is stored under {key.path}")
    return revision


async def stored_metadata(archive: Archive, key: ResourceKey) -> AsyncIterator[Sequence[bytes]]:
    """The DICOM JSON objects of a study's, series' or one instance, in batches, the first of which is there already.

    Raises ResourceNotFound before it returns, so that an answer can begin with what it returns.
    """
    batches = archive.index.metadata(key)
    first = await anext(batches, None)
    if first is None:
        raise ResourceNotFound(f"nothing is stored under {key.path}")
    return _chain(first, batches)


async def _chain(first: list[bytes], rest: AsyncIterator[list[bytes]]) -> AsyncIterator[list[bytes]]:
    yield first
    async for batch in rest:
        yield batch
