"""Which blob store a setting names."""

from pathlib import Path

from storage.blobs.local import LocalBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.protocol import BlobStore

MEMORY = "memory"
"""The name of the store that keeps nothing."""


def open_blob_store(location: str) -> BlobStore:
    """Open the store at a location: a folder's path, or ``memory``."""
    return MemoryBlobStore() if location == MEMORY else LocalBlobStore(Path(location))
