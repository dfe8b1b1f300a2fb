"""Deletion of studies, series and instances: rows first, then bytes."""

from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from storage.resource import ResourceKey


async def delete(archive: Archive, key: ResourceKey) -> int:
    """Remove what is stored under a key; the number of instances. Raises ResourceNotFound.

    From the commit on nothing of it is found. Who reads one of the files at that moment reads it to its end.
    """
    blob_keys = await archive.index.delete(key)
    if not blob_keys:
        raise ResourceNotFound(f"nothing is stored under {key.path}")
    await archive.discard_unneeded_blobs(blob_keys)
    return len(blob_keys)
