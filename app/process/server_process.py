"""A server process among several: it ends when the process that started it does."""

import asyncio
import logging
import multiprocessing
import os
import signal

logger = logging.getLogger(__name__)


def end_with_parent() -> None:
    """End this process in good order once its parent has died, however suddenly; nothing where there is no parent.

    Otherwise the workers of a killed server would go on holding its port.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, _end, parent.sentinel)


def _end(sentinel: int) -> None:
    logger.error("the parent process has died; this server process ends too")
    asyncio.get_running_loop().remove_reader(sentinel)
    os.kill(os.getpid(), signal.SIGTERM)
