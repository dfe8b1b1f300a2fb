"""The log of the process: one line a message, on standard error."""

import logging
from datetime import UTC, datetime

import orjson

_UNFINISHED = "ASGI callable returned without completing response."
"""What the HTTP server says of an answer that is broken off on purpose; our own line says why."""

CONSOLE_FORMAT = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"


class JsonFormatter(logging.Formatter):
    """A JSON object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, its traceback included."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(told).decode()


def configure(level: str, form: str) -> None:
    """Set up logging, in the form ``console`` or ``json``; called once in every process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(CONSOLE_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Every request has a line of ours; the HTTP client's own lines would repeat it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _UNFINISHED)
    # What no line of ours tells: to find it out takes as long as to write the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # A malformed body is the client's fault, and its answer says so.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
