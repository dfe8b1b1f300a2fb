"""The one table of what may be allowed."""

from collections.abc import Iterable
from enum import StrEnum


class AccessScope(StrEnum):
    """A permission; every route asks for one."""

    READ = "dicom:read"
    """Search and retrieve."""
    WRITE = "dicom:write"
    """Store."""
    DELETE = "dicom:delete"
    """Delete."""
    METRICS = "metrics:read"
    """Read the figures of the server's own running."""
    ADMIN = "admin"
    """Everything, also what is for those who run the server."""


EVERYTHING = frozenset(AccessScope)
DICOM_SCOPES = frozenset({AccessScope.READ, AccessScope.WRITE, AccessScope.DELETE})


def parse_scopes(words: Iterable[str]) -> frozenset[AccessScope]:
    """Scopes by their names. Raises ValueError, with a message for people, for a name that is none."""
    try:
        return frozenset(AccessScope(word) for word in words)
    except ValueError as error:
        raise ValueError(f"{error}: a scope is one of {', '.join(AccessScope)}") from error
