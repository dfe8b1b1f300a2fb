"""Deletion of studies, series and instances: the rows at once, the bytes a while later (``app.services.sweeper``)."""

from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from storage.resource import ResourceKey


async def delete(archive: Archive, key: ResourceKey) -> int:
    """Remove what is stored under a key; the number of instances. Raises ResourceNotFound.

    From the commit on nothing of it is found. Who reads one of the files at that moment reads it to its end.
    """
    deleted = await archive.index.delete(key)
    if not deleted:
        raise ResourceNotFound(f"nothing is stored under {key.path}")
    return deleted
