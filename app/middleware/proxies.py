"""What a trusted proxy tells of the client: `Forwarded` (RFC 7239), or the `X-Forwarded-*` headers before it."""

import ipaddress
import re
from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import ProxySettings

_PAIR = re.compile(r'\s*([A-Za-z]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,"]*)\s*')
_PORTS = {"http": 80, "https": 443}


class TrustedProxies:
    """ASGI middleware: a request that a trusted proxy passed on looks like the one that the proxy was sent.

    Everything below sees the client's address, the scheme and the host that the client used, and the path prefix of the
    proxy, so that all URLs we emit lead back through it. From anybody else these headers mean nothing.
    """

    def __init__(self, app: ASGIApp, settings: ProxySettings) -> None:
        self._app = app
        self._trusted = settings.trusted
        self._root_path = settings.root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the client sent it."""
        if scope["type"] == "http":
            scope["root_path"] = self._root_path
            if self._trusted and scope["client"] and self._is_trusted(scope["client"][0]):
                scope = self._unfold(scope)
        await self._app(scope, receive, send)

    def _unfold(self, scope: Scope) -> Scope:
        headers = _values(scope)
        hops = _forwarded(headers["forwarded"]) if "forwarded" in headers else _x_forwarded(headers)
        told = self._first_beyond(hops)
        unfolded = dict(scope)
        if "for" in told:
            unfolded["client"] = (_address(told["for"]), 0)
        if (scheme := told.get("proto", "").lower()) in _PORTS:
            unfolded["scheme"] = scheme
        if host := told.get("host"):
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            unfolded["headers"] = [*others, (b"host", host.encode("latin-1"))]
        if told.keys() & {"host", "proto"}:
            # A host without a port means that of the scheme, not the one this server listens on behind the proxy.
            unfolded["server"] = (host or headers.get("host", ""), _PORTS[unfolded["scheme"]])
        if prefix := headers.get("x-forwarded-prefix", "").strip().rstrip("/"):
            unfolded["root_path"] = prefix
        return unfolded

    def _first_beyond(self, hops: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
        """What the outermost trusted proxy tells: each appends the address it was asked from, so read from the end."""
        told: Mapping[str, str] = {}
        for hop in reversed(hops):
            told = hop
            if not self._is_trusted(_address(hop.get("for", ""))):
                break
        return told

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _values(scope: Scope) -> dict[str, str]:
    """Headers by name; those that come several times are one list (RFC 9110 5.3)."""
    values: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        values[key] = f"{values[key]}, {text}" if key in values else text
    return values


def _forwarded(header: str) -> list[dict[str, str]]:
    """The elements of the header, each of one proxy."""
    return [
        {name.lower(): _unquoted(value) for name, value in _PAIR.findall(element)}
        for element in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', header)
    ]


def _x_forwarded(headers: Mapping[str, str]) -> list[dict[str, str]]:
    """The same from the older headers; scheme and host are those that the proxy next to us tells."""
    common = {
        name: _last(headers[header])
        for name, header in (("proto", "x-forwarded-proto"), ("host", "x-forwarded-host"))
        if header in headers
    }
    if "host" in common and "x-forwarded-port" in headers and not re.search(r":\d+$", common["host"]):
        common["host"] = f"{common['host']}:{_last(headers['x-forwarded-port'])}"
    addresses = [address.strip() for address in headers.get("x-forwarded-for", "").split(",") if address.strip()]
    return [{"for": address, **common} for address in addresses] or [common]


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value.strip()


def _address(node: str) -> str:
    """The address of a node without its port (RFC 7239 6)."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node
