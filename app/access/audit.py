"""The audit log: a JSON line for each access to what is guarded, on a file or stream of its own.

The kinds of events are those of PS3.15 A.5. A line names studies, never patients: paths hold UIDs, and the search keys
of a query are left out.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import orjson


class AuditEvent(Enum):
    """What is audited: the code of DCM (PS3.16 D) for the event, its name there, and the action (PS3.15 A.5.2)."""

    QUERY = ("110112", "Query", "E")
    RETRIEVE = ("110104", "DICOM Instances Transferred", "R")
    STORE = ("110104", "DICOM Instances Transferred", "C")
    DELETE = ("110105", "DICOM Study Deleted", "D")
    ADMINISTER = ("110100", "Application Activity", "E")
    REFUSED = ("110113", "Security Alert", "E")
    LOGIN_FAILED = ("110114", "User Authentication", "E")


@dataclass(frozen=True, slots=True)
class Access:
    """One access, when its answer has gone out. ``size`` is in bytes of the answer's body."""

    event: AuditEvent
    who: str | None
    address: str
    method: str
    path: str
    status: int
    size: int
    request_id: str

    def line(self, now: datetime) -> bytes:
        """The line of the log."""
        code, name, action = self._told_event().value
        told = {
            "time": now.isoformat(timespec="milliseconds"),
            "event": {"code": code, "name": name, "action": action, "outcome": _outcome(self.status)},
            "who": self.who,
            "from": self.address,
            "method": self.method,
            "resource": self.path,
            "status": self.status,
            "bytes": self.size,
            "request_id": self.request_id,
        }
        return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)

    def _told_event(self) -> AuditEvent:
        """A refused access is another event than the one it was to be."""
        return {401: AuditEvent.LOGIN_FAILED, 429: AuditEvent.LOGIN_FAILED, 403: AuditEvent.REFUSED}.get(
            self.status, self.event
        )


class AuditLog:
    """Where the lines go: each is written at once and whole, also by several processes to one file."""

    def __init__(self, target: str) -> None:
        """A file, appended to and readable by its owner alone; or ``stdout``, ``stderr``. Raises OSError."""
        self._stream = _STREAMS.get(target)
        self._file: int | None = None
        if self._stream is None:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            self._file = self._stream = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, access: Access) -> None:
        """Write one line."""
        if self._stream is not None:
            os.write(self._stream, access.line(datetime.now(UTC)))

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
        self._file = self._stream = None


_STREAMS = {"stdout": 1, "stderr": 2}


def _outcome(status: int) -> int:
    """EventOutcomeIndicator (PS3.15 A.5.2): success, minor failure, serious failure."""
    if status < 400:
        return 0
    return 4 if status < 500 else 8
