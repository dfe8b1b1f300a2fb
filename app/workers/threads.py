"""The one door for CPU work: what would hold up the event loop runs in a bounded number of threads."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

NUMBER = max(2, os.cpu_count() or 1)

_THREADS = ThreadPoolExecutor(max_workers=NUMBER, thread_name_prefix="cpu")


def waiting() -> int:
    """How many functions wait for a thread."""
    return _THREADS._work_queue.qsize()


async def run_cpu(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a synchronous function in a worker thread; what it raises is raised here."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: function(*args, **kwargs))
