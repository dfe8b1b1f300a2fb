"""An audit record repository, as far as a sender sees one: it takes syslog messages (RFC 5424) by UDP, TCP or TLS."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from socketserver import BaseServer, DatagramRequestHandler, StreamRequestHandler, ThreadingTCPServer, UDPServer
from typing import Any, Literal

Transport = Literal["udp", "tcp", "tls"]

SECONDS = 10


@dataclass
class SyslogReceiver:
    """Where it listens, and the messages as they came."""

    url: str = ""
    port: int = 0
    messages: SimpleQueue[bytes] = field(default_factory=SimpleQueue)
    connections: list[socket.socket] = field(default_factory=list)

    def next(self) -> bytes:
        """The next message, once it is there."""
        return self.messages.get(timeout=SECONDS)


@contextmanager
def syslog_receiver(
    transport: Transport, certificate: tuple[Path, Path] | None = None, port: int = 0
) -> Iterator[SyslogReceiver]:
    """A receiver on a loopback port, with a certificate and its key for TLS."""
    receiver = SyslogReceiver()

    class Datagram(DatagramRequestHandler):
        def handle(self) -> None:
            receiver.messages.put(self.rfile.read())

    class Stream(StreamRequestHandler):
        def handle(self) -> None:
            """Messages with their lengths before them (RFC 6587 3.4.1)."""
            receiver.connections.append(self.request)
            with suppress(OSError):
                while length := self._length():
                    receiver.messages.put(self.rfile.read(length))

        def _length(self) -> int:
            digits = b""
            while (character := self.rfile.read(1)).isdigit():
                digits += character
            assert character in {b" ", b""}
            return int(digits or b"0")

    class Streams(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            if certificate is None:
                return connection, address
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            return context.wrap_socket(connection, server_side=True), address

    where = ("127.0.0.1", port)
    server: BaseServer = UDPServer(where, Datagram) if transport == "udp" else Streams(where, Stream)
    with server:
        receiver.port = server.server_address[1]
        receiver.url = f"{transport}://127.0.0.1:{receiver.port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
            for connection in receiver.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
