"""By which names clients may call the server."""

import ipaddress
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.errors import problem
from app.settings import Settings, is_loopback


class HostCheck:
    """ASGI middleware: a request for another name than ours is refused (RFC 9110 15.5.20).

    A web page whose name was given this machine's address (DNS rebinding) is of the same origin for the browser, and
    would read an archive that is open on loopback; nothing but the name that it calls tells it apart.
    """

    def __init__(self, app: ASGIApp, settings: Settings, is_open: Callable[[], bool]) -> None:
        """Where no names are set, only a server that is open on loopback looks closely."""
        public = settings.public_url.host if settings.public_url else None
        self._app = app
        self._hosts = {name.lower() for name in (*settings.hosts, public) if name}
        self._are_set = bool(settings.hosts)
        self._is_private = is_loopback(settings.host)
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421; 400 where no one host is named (RFC 9112 3.2)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            detail = "a request has one Host header"
            await problem(400, detail, scope["state"]["request_id"])(scope, receive, send)
        elif self._may(_name(hosts[0] if hosts else "")):
            await self._app(scope, receive, send)
        else:
            detail = "the server is not called by this name; FOVEA_HOSTS lists those by which it is"
            await problem(421, detail, scope["state"]["request_id"])(scope, receive, send)

    def _may(self, host: str) -> bool:
        if host in self._hosts or is_loopback(host.strip("[]")):
            return True
        return not self._are_set and (_belongs_to_nobody(host) or not (self._is_private and self._is_open()))


def _name(host: str) -> str:
    """The name in a Host header, without a port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _belongs_to_nobody(host: str) -> bool:
    """Whether nobody can give the name an address of their choice: it is an address, or no name of the public DNS."""
    if "." not in host or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
