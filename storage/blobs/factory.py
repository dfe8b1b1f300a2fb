"""Which blob store a setting names."""

from pathlib import Path

from storage.blobs.local import LocalBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_store import ObjectBlobStore
from storage.blobs.protocol import BlobStore

MEMORY = "memory"
"""The name of the store that keeps nothing."""

DEFAULT_OPTIONS = ObjectStoreOptions()


def open_blob_store(location: str, objects: ObjectStoreOptions = DEFAULT_OPTIONS) -> BlobStore:
    """Open the store at a location: a folder's path, ``memory``, or the URL of an object store."""
    if location == MEMORY:
        return MemoryBlobStore()
    if "://" in location:
        return ObjectBlobStore(location, objects)
    return LocalBlobStore(Path(location))
