"""Waiting for what comes in its own time."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05


def poll(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is so; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(PAUSE_SECONDS)
