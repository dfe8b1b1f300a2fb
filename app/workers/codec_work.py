"""Compiled codecs at work on received pixels: in the threads of the server process, as long as that is safe."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.workers.apart import ProcessEnded, run_apart
from app.workers.flight_recorder import FlightRecorder, names_of_the_dead
from app.workers.suspects import Suspects
from app.workers.threads import NUMBER, run_cpu

logger = logging.getLogger(__name__)

R = TypeVar("R")

LOOK_SECONDS = 0.5
"""How often a process looks whether a codec takes too long, and whether another process has died of one."""


class CodecFailure(Exception):
    """A codec crashes or hangs on these pixels; the message is for the client."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a codec works on: ``digest`` names the bytes, in letters, digits and hyphens; ``label`` is for people."""

    digest: str
    label: str


@dataclass(frozen=True, slots=True)
class _Job:
    pixels: Pixels
    patience: asyncio.Timeout
    began: float


class _Guard:
    """Lets codecs work, and keeps those apart that are not safe."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._recorder = FlightRecorder(folder, NUMBER)
        self._suspects = Suspects(folder)
        self._at_work: dict[int, _Job] = {}
        self._place_apart = asyncio.Lock()

    async def run(self, pixels: Pixels, function: Callable[..., R], *args: object) -> R:
        """As ``run_codec``."""
        verdict = self._suspects.verdict(pixels.digest)
        if verdict is not None:
            # Its outcome is noted, and its place taken, until it ends, also when nobody waits for it any more.
            return await asyncio.shield(self._apart(pixels, function, *args))
        try:
            async with asyncio.timeout(None) as patience:
                return await run_cpu(self._noted, pixels, patience, function, *args)
        except TimeoutError as error:
            if patience.expired():
                raise CodecFailure(_tell(f"it takes longer than {self._seconds:g} seconds")) from error
            raise

    def suspect_the_dead(self) -> None:
        """Note what processes that have died were working on."""
        for name in names_of_the_dead(self._folder):
            digest, _, label = name.partition(" ")
            if self._suspects.verdict(digest) is None:
                self._suspects.suspect(digest)
                logger.error("a server process ended while a codec worked on %s; it is kept apart from now on", label)

    async def watch(self) -> None:
        """Look after the dead, and end this process when a codec does not end: a thread cannot be stopped."""
        while not (late := self._late()):
            self.suspect_the_dead()
            await asyncio.sleep(LOOK_SECONDS)
        for job in late:
            self._suspects.suspect(job.pixels.digest)
            logger.error("a codec does not end with %s; this server process will, and be replaced", job.pixels.label)
            with suppress(RuntimeError):  # nobody waits for it any more
                job.patience.reschedule(0)
        os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        """End in good order."""
        self._recorder.close()

    def _noted(self, pixels: Pixels, patience: asyncio.Timeout, function: Callable[..., R], *args: object) -> R:
        slot = self._recorder.begin(f"{pixels.digest} {pixels.label}")
        self._at_work[slot] = _Job(pixels, patience, time.monotonic())
        try:
            return function(*args)
        finally:
            del self._at_work[slot]
            self._recorder.end(slot)

    def _late(self) -> list[_Job]:
        limit = time.monotonic() - self._seconds
        return [job for job in list(self._at_work.values()) if job.began < limit]

    async def _apart(self, pixels: Pixels, function: Callable[..., R], *args: object) -> R:
        async with self._place_apart:
            if verdict := self._suspects.verdict(pixels.digest):
                raise CodecFailure(verdict)
            try:
                return await asyncio.to_thread(run_apart, self._seconds, function, *args)
            except ProcessEnded as ended:
                self._suspects.condemn(pixels.digest, _tell(str(ended)))
                logger.error("no codec will work on %s any more: %s", pixels.label, ended)
                raise CodecFailure(_tell(str(ended))) from ended


def _tell(reason: str) -> str:
    return f"The pixels cannot be decoded: {reason}. Their stored bytes can be had as they are."


_guards: list[_Guard] = []
"""That of this process, when it is one of a server's."""


async def run_codec(pixels: Pixels, function: Callable[..., R], *args: object) -> R:
    """Run a function of a module, in which a compiled codec works on received pixels; what it raises is raised here.

    Raises CodecFailure where that crashes or hangs.
    """
    if _guards:
        return await _guards[-1].run(pixels, function, *args)
    return await run_cpu(function, *args)


@asynccontextmanager
async def guarded_codecs(folder: Path, seconds: float) -> AsyncIterator[None]:
    """As long as it lasts, this process is guarded against codecs that crash, or work longer than ``seconds``.

    ``folder`` is the one that the processes of the server share.
    """
    guard = _Guard(folder, seconds)
    guard.suspect_the_dead()
    _guards.append(guard)
    watching = asyncio.create_task(guard.watch())
    try:
        yield
    finally:
        watching.cancel()
        _guards.remove(guard)
        guard.close()
