"""The processes of a server have equally many connections, and are replaced without a request that fails."""

import os
import re
import resource
import signal
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.certificates import new_certificate
from tests.live_server import FOVEA, LiveServer, free_port, live_server, plain_environment
from tests.test_supervision import answers, server_processes, wait_until

PROCESSES = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Every test leaves it without connections."""
    with live_server(tmp_path_factory.mktemp("shared") / "data", workers=PROCESSES) as started:
        wait_until(lambda: started.log.read_text().count("Application startup complete") == PROCESSES)
        yield started


def connections(server: LiveServer) -> Counter[int]:
    """How many connections of clients each process of the server has, by the system's own tables."""
    port = f"{server.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # The local address, the state (01 is ESTABLISHED) and the inode of each socket.
    served = {row[9] for row in rows if row[1].endswith(f":{port}") and row[3] == "01"}
    return Counter({process: len(sockets(process) & served) for process in server_processes(server)})


def sockets(process: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    links = [str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir() if path.is_symlink()]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def connect(server: LiveServer, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))


def ask(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection.recv(1000)


@pytest.fixture(autouse=True)
def _without_connections(request: pytest.FixtureRequest) -> None:
    """Those of the test before are ended."""
    if "server" in request.fixturenames:
        server: LiveServer = request.getfixturevalue("server")
        wait_until(lambda: connections(server).total() == 0)


@pytest.mark.parametrize("each", [1, 2, 4])
def test_every_process_has_as_many_connections_as_the_others(server: LiveServer, each: int) -> None:
    with ExitStack() as stack:
        clients = [connect(server, stack) for _ in range(PROCESSES * each)]
        assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
        assert sorted(connections(server).values()) == [each] * PROCESSES


def test_the_next_connection_is_that_of_the_process_that_lost_one(server: LiveServer) -> None:
    with ExitStack() as stack:
        clients = [connect(server, stack) for _ in range(PROCESSES * 3)]
        assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
        for _ in range(5):
            clients.pop(0).close()
            wait_until(lambda: connections(server).total() == PROCESSES * 3 - 1)
            clients.append(connect(server, stack))
            assert ask(clients[-1]).startswith(b"HTTP/1.1 200")
            assert sorted(connections(server).values()) == [3] * PROCESSES


def test_a_process_that_holds_still_keeps_no_client_waiting(server: LiveServer) -> None:
    still = min(server_processes(server))
    os.kill(still, signal.SIGSTOP)
    try:
        with ExitStack() as stack:
            clients = [connect(server, stack) for _ in range(20)]
            assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
            assert connections(server)[still] == 0
    finally:
        os.kill(still, signal.SIGCONT)


def test_who_sends_no_request_that_can_be_read_is_not_counted_for_ever(server: LiveServer) -> None:
    for _ in range(10):
        with ExitStack() as stack:
            client = connect(server, stack)
            client.sendall(b"\x16\x03\x01 this is no request\r\n\r\n")
            client.recv(1000)
    wait_until(lambda: connections(server).total() == 0)
    with ExitStack() as stack:
        clients = [connect(server, stack) for _ in range(PROCESSES)]
        assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
        assert sorted(connections(server).values()) == [1] * PROCESSES


def test_a_hangup_replaces_the_processes_while_the_server_answers(server: LiveServer) -> None:
    for _ in range(3):
        before = server_processes(server)
        os.kill(server.process.pid, signal.SIGHUP)
        asked = 0

        def are_replaced(before: set[int] = before) -> bool:
            nonlocal asked
            assert answers(server)
            asked += 1
            now = server_processes(server)
            return not now & before and len(now) == PROCESSES

        wait_until(are_replaced)
        assert asked > 1
    with ExitStack() as stack:
        clients = [connect(server, stack) for _ in range(PROCESSES)]
        assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
        assert sorted(connections(server).values()) == [1] * PROCESSES


def test_a_server_with_too_many_open_files_answers_again_when_some_are_closed(data_folder: Path) -> None:
    with live_server(data_folder, workers=1) as server, ExitStack() as stack:
        [process] = server_processes(server)
        files = len(list(Path(f"/proc/{process}/fd").iterdir()))
        resource.prlimit(process, resource.RLIMIT_NOFILE, (files + 10, files + 10))
        clients = [connect(server, stack) for _ in range(20)]
        assert ask(clients[0]).startswith(b"HTTP/1.1 200")
        wait_until(lambda: "no connection can be taken: Too many open files" in server.log.read_text())
        for client in clients:
            client.close()
        assert requests.get(f"{server.origin}/health", timeout=30).ok


@contextmanager
def tls_server(folder: Path) -> Iterator[LiveServer]:
    """A server whose certificate is in the folder."""
    certificate, key = new_certificate(folder)
    port, log = free_port(), folder / "server.log"
    options = ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key), "--data", str(folder / "data"))
    command = [FOVEA, "serve", "--workers", "2", "--port", str(port), *options]
    with log.open("wb") as output, subprocess.Popen(command, env=plain_environment(), stderr=output) as process:
        try:
            wait_until(lambda: log.read_text().count("Application startup complete") == 2)
            yield LiveServer(process, port, folder / "data", log, 2)
        finally:
            process.terminate()


def test_a_hangup_takes_a_new_certificate(tmp_path: Path) -> None:
    with tls_server(tmp_path) as server:
        place = "127.0.0.1", server.port
        old = ssl.get_server_certificate(place)
        certificate, _ = new_certificate(tmp_path)
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: ssl.get_server_certificate(place) == certificate.read_text())
        assert certificate.read_text() != old


def test_connections_on_which_no_tls_comes_about_are_not_counted(tmp_path: Path) -> None:
    with tls_server(tmp_path) as server, ExitStack() as stack:
        for _ in range(10):
            with ExitStack() as ended:
                client = connect(server, ended)
                client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"200 OK" not in client.recv(1000)
        wait_until(lambda: connections(server).total() == 0)
        context = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        plain = [connect(server, stack) for _ in range(4)]
        clients = [stack.enter_context(context.wrap_socket(each, server_hostname="127.0.0.1")) for each in plain]
        assert all(ask(client).startswith(b"HTTP/1.1 200") for client in clients)
        assert sorted(connections(server).values()) == [2, 2]
        assert "Traceback" not in server.log.read_text()
