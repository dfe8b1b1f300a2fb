"""Small blobs that are placed in the thread that commits their rows."""

from collections.abc import Sequence
from typing import Protocol


class Placement(Protocol):
    """Sealed blobs that are about to be placed under their keys."""

    @property
    def keys(self) -> list[str]:
        """The keys, in the order of the blobs."""

    def place_with(self, others: "Sequence[Placement]") -> None:
        """Bring these blobs and those of others of the same store to stable storage; synchronous, for a worker thread.

        Raises StorageFull, StorageUnavailable; then none of any is placed.
        """
