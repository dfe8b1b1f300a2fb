"""The process that the server was started as: it starts the server processes, and replaces those that die."""

import logging
import signal
import socket
import time
from functools import cached_property

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.process.sharing_server import ConnectionCounts, SharingServer

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""How often the first process is asked whether it has begun."""

ANSWER_SECONDS = 1
"""How long its answer is waited for."""

AGAIN_SECONDS = 5
"""A process that died while it began is replaced after so many seconds: its database may be away for a moment."""


class ServerProcess(Process):
    """A process that serves, with a place among the others."""

    def __init__(self, config: Config, sockets: list[socket.socket], counts: ConnectionCounts, place: int) -> None:
        """Not started yet. ``counts`` tells it and the others who is to take a connection."""
        super().__init__(config, sockets)
        self.place = place
        self._counts = counts

    @cached_property
    def server(self) -> SharingServer:
        """What runs in the process."""
        return SharingServer(self.config, self._counts, self.place)


class Supervisor(Multiprocess):
    """Uvicorn's, with some differences.

    One process begins before the others: what is wrong with the settings or the stores ends the server, and is said
    once. Later nothing does, as long as one may serve. A process that does not end when it is asked to is killed. The
    processes share out connections evenly. Their number is a setting, and no signal changes it.
    """

    processes: list[ServerProcess]  # type: ignore[assignment]

    def __init__(self, config: Config, patience: float) -> None:
        """Listen, as ``config`` says; exits where that cannot be. Who is to end has ``patience`` seconds to do so."""
        super().__init__(config, [config.bind_socket()])
        self._patience = patience
        self._next_start = 0.0
        # Each has two: one that is replaced serves until the other one does.
        self._places = set(range(2 * config.workers))
        self._counts = ConnectionCounts(len(self._places))
        self.status = 0
        """The exit status, when the server has ended."""

    def init_processes(self) -> None:
        """Start one process, and the others when it serves."""
        first = self._start()
        self.processes.append(first)
        while not first.is_ready(ANSWER_SECONDS):
            self.handle_signals()
            if first.exitcode is not None and first.exitcode < 0:
                break  # it was killed, which another one may not be
            if first.exitcode is not None:
                self.status = STARTUP_FAILURE
                self.should_exit.set()
            if self.should_exit.wait(LOOK_SECONDS):
                return
        self.processes += [self._start() for _ in range(self.processes_num - 1)]

    def keep_subprocess_alive(self) -> None:
        """Replace processes that died, or hold still."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set() or process.is_alive(self.config.timeout_worker_healthcheck):
                continue
            if time.monotonic() < self._next_start:
                continue
            held_still = process.process.is_alive()
            process.kill()
            self._bury(process)
            logger.error("server process %d %s; another takes its place", process.pid, _end(process, held_still))
            if process.exitcode == STARTUP_FAILURE:
                self._next_start = time.monotonic() + AGAIN_SECONDS
            self.processes[place] = self._start()

    def join_all(self) -> None:
        """Wait until all processes have ended, and kill those that do not."""
        deadline = time.monotonic() + self._patience
        for process in self.processes:
            process.process.join(max(0, deadline - time.monotonic()))
            process.process.kill()
            process.process.join()

    def restart_all(self) -> None:
        """Replace the processes one after another, each once the new one serves; certificates are read anew."""
        for index, old in enumerate(self.processes):
            new = self._start()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                logger.error("the new server process %d did not begin in time; the others stay", new.pid)
                new.kill()
                self._bury(new)
                return
            self.processes[index] = new
            old.terminate()
            self._bury(old)

    def handle_ttin(self) -> None:
        """Nothing."""

    def handle_ttou(self) -> None:
        """Nothing."""

    def _start(self) -> ServerProcess:
        process = ServerProcess(self.config, self.sockets, self._counts, self._places.pop())
        process.start()
        return process

    def _bury(self, process: ServerProcess) -> None:
        """Wait for the end of a process; its place is free then."""
        process.join()
        self._counts.forget(process.place)
        self._places.add(process.place)


def _end(process: Process, held_still: bool) -> str:
    if held_still:
        return "held still and was killed"
    if process.exitcode is not None and process.exitcode < 0:
        return f"was ended by a signal: {signal.strsignal(-process.exitcode)}"
    return f"ended with status {process.exitcode}"
