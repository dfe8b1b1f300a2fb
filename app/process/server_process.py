"""A server process: what it has to do with the process that started it, and with its fellows."""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path

from uvicorn.config import STARTUP_FAILURE

from app.process.shared_figures import SHARED_FOLDER
from app.workers import guarded_codecs
from storage.errors import StorageError

logger = logging.getLogger(__name__)

_WHAT_TO_DO = (
    "FOVEA_DATA, FOVEA_STORAGE__... and FOVEA_INDEX__URL say where it is; "
    "`fovea reindex` makes an index anew, once a damaged one is moved away."
)


def end_with_parent() -> None:
    """End this process in good order once its parent has died, however suddenly; nothing where there is no parent.

    Otherwise the workers of a killed server would go on holding its port.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, _end, parent.sentinel)


@contextmanager
def beginning(place: str) -> Iterator[None]:
    """Within it, an archive that cannot be opened ends this process with one line of the log, where it is a server's.

    ``place`` is where the archive should be.
    """
    try:
        yield
    except (StorageError, OSError) as error:
        if multiprocessing.parent_process() is None:
            raise
        reason = f"{error} ({error.__cause__})" if error.__cause__ else str(error)
        logger.critical("the archive %s cannot be opened: %s. %s", place, " ".join(reason.split()), _WHAT_TO_DO)
        os._exit(STARTUP_FAILURE)  # nothing is begun that has to end in good order


def codec_guard(seconds: float) -> AbstractAsyncContextManager[None]:
    """As ``app.workers.guarded_codecs``, where server processes share a folder."""
    folder = os.environ.get(SHARED_FOLDER)
    return guarded_codecs(Path(folder), seconds) if folder else nullcontext()


def _end(sentinel: int) -> None:
    logger.error("the parent process has died; this server process ends too")
    asyncio.get_running_loop().remove_reader(sentinel)
    os.kill(os.getpid(), signal.SIGTERM)
