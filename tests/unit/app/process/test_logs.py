"""The log in JSON."""

import json
import logging
import sys

from app.process.logs import JsonFormatter


def test_a_message_is_a_json_object_on_one_line() -> None:
    record = logging.LogRecord("app.x", logging.INFO, __file__, 1, "two\nlines of %s", ("José",), None)
    line = JsonFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"]) == ("info", "app.x", "two\nlines of José")
    assert told["time"].endswith("+00:00")
    assert "traceback" not in told


def test_a_fault_brings_its_traceback_along() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        record = logging.LogRecord("app.x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: wrong" in json.loads(line)["traceback"]
