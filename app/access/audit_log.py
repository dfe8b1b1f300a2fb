"""The audit log: a JSON line a record, on a file or stream of its own."""

import os
from datetime import datetime
from pathlib import Path

import orjson

from app.access.audit import Access, AuditRecord

_STREAMS = {"stdout": 1, "stderr": 2}


class AuditLog:
    """Where the lines go: each is written at once and whole, also by several processes to one file."""

    def __init__(self, target: str) -> None:
        """A file, appended to and readable by its owner alone; or ``stdout``, ``stderr``. Raises OSError."""
        self._stream = _STREAMS.get(target)
        self._file: int | None = None
        if self._stream is None:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            self._file = self._stream = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, record: AuditRecord, now: datetime) -> None:
        """Write one line."""
        if self._stream is not None:
            os.write(self._stream, _line(record, now))

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
        self._file = self._stream = None


def _line(record: AuditRecord, now: datetime) -> bytes:
    kind = record.event.value
    event: dict[str, object] = {"code": kind.event.value, "name": kind.event.meaning, "action": kind.action}
    if kind.type is not None:
        event["type"] = kind.type.meaning
    event["outcome"] = record.outcome
    told: dict[str, object] = {"time": now.isoformat(timespec="milliseconds"), "event": event, "process": os.getpid()}
    if isinstance(record, Access):
        told |= {
            "who": record.who,
            "from": record.address,
            "method": record.method,
            "resource": record.path,
            "studies": list(record.studies),
            "status": record.status,
            "bytes": record.size,
            "request_id": record.request_id,
        }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
