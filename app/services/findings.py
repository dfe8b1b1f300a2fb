"""What is found wrong with an archive, and how far whoever goes through it has come."""

from dataclasses import dataclass
from enum import StrEnum

from storage.resource import ResourceKey


class Problem(StrEnum):
    """What may be wrong with one blob or one instance."""

    MISSING = "missing"
    """A row names a blob that is not there."""
    WRONG_LENGTH = "wrong-length"
    """The blob is there, longer or shorter than its row says."""
    WRONG_CHECKSUM = "wrong-checksum"
    """The blob has its length, and other bytes than those that were stored."""
    UNREADABLE = "unreadable"
    """The blob is there, and its store or its medium does not give the bytes."""
    ORPHANED = "orphaned"
    """No row names the blob, and the instance in it is stored in another one, which is sound."""
    UNINDEXED = "unindexed"
    """No row names the blob, and no sound one has what is in it: it may be the only copy."""
    UNUSABLE = "unusable"
    """The blob cannot be understood, so that no row can be made of it."""
    DUPLICATE = "duplicate"
    """Two blobs hold the same instance; the row names the other one."""
    DIFFERENT = "different"
    """The archive that is copied to has the instance with other bytes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a blob and, as far as it is known, of an instance; ``note`` says why, or what was done about it."""

    problem: Problem
    blob_key: str
    instance: ResourceKey | None = None
    note: str = ""

    def __str__(self) -> str:
        """A line for people and programs: its parts are separated by tabs."""
        path = "" if self.instance is None else self.instance.path
        return "\t".join((self.problem, self.blob_key, path, self.note)).rstrip("\t")


@dataclass(frozen=True, slots=True)
class Step:
    """So many blobs or instances are ``done``, of which ``added`` were added, and this was found.

    ``young`` blobs without a row are left alone: a server may be about to commit it.
    """

    done: int
    findings: list[Finding]
    added: int = 0
    young: int = 0
