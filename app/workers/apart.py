"""Work in a process of its own, which may crash, hang, or take all memory, and nobody else is the worse for it."""

import multiprocessing
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

R = TypeVar("R")

MEMORY_BYTES = 4 << 30
"""What the process may allocate: the codecs need up to five times the bytes of a frame, and a frame has 128 MB."""

_SPAWN = multiprocessing.get_context("spawn")
"""A fork would copy locks that other threads hold."""


class ProcessEnded(Exception):
    """The process ended before the work did; the message says how."""


def run_apart(seconds: float, function: Callable[..., R], *args: object) -> R:
    """Run a function of a module in a process of its own, for so many seconds at most; blocks meanwhile.

    What it raises is raised here. Raises ProcessEnded.
    """
    receiving, sending = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_work, args=(sending, seconds, function, args), daemon=True)
    process.start()
    sending.close()
    try:
        result, error = receiving.recv()
    except EOFError as ended:
        process.join()
        raise ProcessEnded(_how(process.exitcode, seconds)) from ended
    finally:
        receiving.close()
        process.kill()
        process.join()
    if error is not None:
        raise error
    outcome: R = result
    return outcome


def _work(sending: Connection, seconds: float, function: Callable[..., Any], args: tuple[object, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the whole group
    signal.setitimer(signal.ITIMER_REAL, seconds)  # the signal ends the process, also within a codec
    try:
        sending.send((function(*args), None))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's
        sending.send((None, error))


def _how(status: int | None, seconds: float) -> str:
    if status == -signal.SIGALRM:
        return f"it takes longer than {seconds:g} seconds"
    if status is not None and status < 0:
        return f"it ends the process by a signal: {signal.strsignal(-status)}"
    return f"it ends the process with status {status}"
