"""What is audited: each access to what is guarded, and the server's own start and end.

The kinds of events are those of PS3.15 A.5. Records name studies, never patients: paths hold UIDs, and the search keys
of a query are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple, Protocol


class Code(NamedTuple):
    """A code of DCM and its meaning (PS3.16 D)."""

    value: str
    meaning: str


class EventKind(NamedTuple):
    """EventID, EventActionCode and EventTypeCode (PS3.15 A.5.2)."""

    event: Code
    action: str
    type: Code | None = None


_ACTIVITY = Code("110100", "Application Activity")
_TRANSFERRED = Code("110104", "DICOM Instances Transferred")


class AuditEvent(Enum):
    """The kinds of events there are (PS3.15 A.5.3)."""

    START = EventKind(_ACTIVITY, "E", Code("110120", "Application Start"))
    STOP = EventKind(_ACTIVITY, "E", Code("110121", "Application Stop"))
    QUERY = EventKind(Code("110112", "Query"), "E")
    RETRIEVE = EventKind(_TRANSFERRED, "R")
    STORE = EventKind(_TRANSFERRED, "C")
    DELETE = EventKind(Code("110105", "DICOM Study Deleted"), "D")
    REFUSED = EventKind(Code("110113", "Security Alert"), "E", Code("110132", "Use of Restricted Function"))
    LOGIN_FAILED = EventKind(Code("110114", "User Authentication"), "E", Code("110122", "Login"))


@dataclass(frozen=True, slots=True)
class Activity:
    """A server process has started, or ends."""

    event: AuditEvent
    outcome: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """One access, when its answer has gone out. ``studies`` are their UIDs, ``size`` is in bytes of the answer's body.

    ``asked`` is what the access was to be.
    """

    asked: AuditEvent
    who: str | None
    address: str
    method: str
    path: str
    studies: Sequence[str]
    status: int
    size: int
    request_id: str

    @property
    def event(self) -> AuditEvent:
        """What it was: a refused access is another event than the one it was to be."""
        return {401: AuditEvent.LOGIN_FAILED, 429: AuditEvent.LOGIN_FAILED, 403: AuditEvent.REFUSED}.get(
            self.status, self.asked
        )

    @property
    def outcome(self) -> int:
        """EventOutcomeIndicator (PS3.15 A.5.2): success, minor failure, serious failure."""
        if self.status < 400:
            return 0
        return 4 if self.status < 500 else 8


AuditRecord = Access | Activity


class AuditWriter(Protocol):
    """Where records go."""

    def write(self, record: AuditRecord, now: datetime) -> None:
        """Write one record, without waiting for anybody."""

    def close(self) -> None:
        """Write no more."""


class AuditTrail:
    """All the places where records go; there may be none."""

    def __init__(self, writers: Sequence[AuditWriter]) -> None:
        self._writers = writers

    def write(self, record: AuditRecord) -> None:
        """Write one record."""
        now = datetime.now(UTC)
        for writer in self._writers:
            writer.write(record, now)

    def close(self) -> None:
        """Write no more."""
        for writer in self._writers:
            writer.close()
