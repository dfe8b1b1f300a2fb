"""What can be wrong with storage, independent of the back end.

Drivers' own exceptions are translated into these once, where the driver is called.
"""


class StorageError(Exception):
    """Base of all storage errors; the message is fit for a client and names no path."""


class StorageUnavailable(StorageError):
    """The back end does not answer, or refuses to work for now; trying again later may succeed."""


class IndexDamaged(StorageUnavailable):
    """The database of the index is not what was written into it."""


class OutcomeUnknown(StorageUnavailable):
    """The back end broke off while it made a change, which is made or not, or will be made in a moment."""


class StorageFull(StorageError):
    """There is no room for more bytes."""


class BlobNotFound(StorageError):
    """No blob is stored under the key, or no longer."""
