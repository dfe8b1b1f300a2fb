"""Audit messages to a syslog receiver, an audit record repository: RFC 5424 over UDP, TCP or TLS (PS3.15 A.6, A.7)."""

import logging
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Full, Queue
from threading import Event, Thread

from app.access.audit import AuditRecord
from app.access.audit_message import APPLICATION, audit_message

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Messages that wait for a receiver that does not answer; what comes beyond is lost, and the log says so."""

RETRY_SECONDS = 5.0
CLOSE_SECONDS = 5.0
"""How long the end of the server waits for messages that are not out yet."""

_TIMEOUT_SECONDS = 5.0

_PRIORITY = 10 * 8 + 5
"""Facility 10, security messages, and severity 5, normal but significant (PS3.15 A.6)."""

_MESSAGE_ID = "DICOM+RFC3881"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Says that the message is UTF-8 (RFC 5424 6.4)."""


@dataclass(frozen=True, slots=True)
class SyslogAddress:
    """A receiver. With ``tls`` the connection is encrypted; without, ``datagrams`` go by UDP."""

    host: str
    port: int
    datagrams: bool = False
    tls: ssl.SSLContext | None = None


class SyslogWriter:
    """Sends in a thread of its own: the server waits for no receiver."""

    def __init__(self, address: SyslogAddress) -> None:
        self._address = address
        self._machine = socket.gethostname()
        self._waiting: Queue[bytes | None] = Queue(MAX_WAITING)
        self._lost = 0
        self._socket: socket.socket | None = None
        self._closing = Event()
        self._thread = Thread(target=self._run, name="audit messages", daemon=True)
        self._thread.start()

    def write(self, record: AuditRecord, now: datetime) -> None:
        """Let the message of a record be sent."""
        header = (
            f"<{_PRIORITY}>1 {now.isoformat(timespec='milliseconds')} {self._machine} {APPLICATION} {os.getpid()}"
            f" {_MESSAGE_ID} - "
        )
        message = header.encode() + _BYTE_ORDER_MARK + audit_message(record, now, self._machine)
        try:
            self._waiting.put_nowait(message)
        except Full:
            if not self._lost:
                logger.error("audit messages are lost: the receiver does not take them")
            self._lost += 1
        else:
            if self._lost:
                logger.error("%d audit messages were lost", self._lost)
                self._lost = 0

    def close(self) -> None:
        """Send what waits, if the receiver takes it soon, and no more."""
        self._closing.set()
        try:
            self._waiting.put_nowait(None)
        except Full:
            logger.error("%d audit messages are lost", MAX_WAITING)
            return
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            if not self._deliver(message):
                logger.error("%d audit messages are lost", 1 + self._drained())
                break
        self._disconnect()

    def _deliver(self, message: bytes) -> bool:
        """Send a message, as often as it takes; False when the server ended meanwhile."""
        # A connection may have gone bad unnoticed, so that a new one is tried at once.
        while not (self._send(message) or self._send(message)):
            logger.error("the receiver of audit messages does not take them; trying again")
            if self._closing.wait(RETRY_SECONDS):
                return False
        return True

    def _send(self, message: bytes) -> bool:
        try:
            if self._socket is None or self._has_ended(self._socket):
                self._disconnect()
                self._socket = self._connect()
            # A stream has each message preceded by its length (RFC 5425 4.3, RFC 6587 3.4.1).
            framed = message if self._address.datagrams else b"%d %b" % (len(message), message)
            self._socket.sendall(framed)
        except OSError:
            self._disconnect()
            return False
        return True

    def _connect(self) -> socket.socket:
        address = self._address
        if address.datagrams:
            family, *_, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.connect(where)
            return datagrams
        plain = socket.create_connection((address.host, address.port), _TIMEOUT_SECONDS)
        if address.tls is None:
            return plain
        return address.tls.wrap_socket(plain, server_hostname=address.host)

    def _has_ended(self, connection: socket.socket) -> bool:
        """Whether the receiver has closed the connection, which nothing but reading tells; it never sends anything."""
        if self._address.datagrams:
            return False
        connection.settimeout(0)
        try:
            return connection.recv(1) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(_TIMEOUT_SECONDS)

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _drained(self) -> int:
        """How many messages still waited."""
        count = 0
        try:
            while self._waiting.get_nowait() is not None:
                count += 1
        except Empty:
            pass
        return count
