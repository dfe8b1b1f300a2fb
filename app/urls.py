"""The URLs we emit: where the DICOMweb root is, as the client that asks sees it."""

import re
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings

_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class BaseUrl:
    """The absolute URL of the DICOMweb root, without a slash at its end."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = str(settings.public_url).rstrip("/") if settings.public_url else None
        self._root = settings.dicomweb_root

    def of(self, request: Request) -> str:
        """The root in the words of a request: the configured one, else the host that the request names.

        A Host header without a port is completed with the socket's own port: dicomweb-client for Python sends the bare
        name whatever the port is, and URLs made from that alone lead nowhere.
        """
        if self._public_url is not None:
            return self._public_url
        scheme = request.url.scheme
        own_name, own_port = request.scope.get("server") or ("127.0.0.1", None)
        named = _HOST.fullmatch(request.headers.get("host", ""))
        name = named["name"] if named else _bracketed(own_name)
        port = int(named["port"]) if named and named["port"] else own_port
        suffix = "" if port in {None, _DEFAULT_PORTS.get(scheme)} else f":{port}"
        return f"{scheme}://{name}{suffix}{self._root}"


class PlainPaths:
    """ASGI middleware that reads ``//`` in a path as ``/``, and a path that ends with a slash as the one without.

    Clients append ``/studies`` to a root that people type with a slash at its end (dicomweb-client, 3D Slicer). A
    redirect to the plain path would be built from the Host header, and so lead some of them elsewhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its plain path."""
        if scope["type"] == "http" and ("//" in scope["path"] or scope["path"].endswith("/")):
            scope = {**scope, "path": "/" + "/".join(filter(None, scope["path"].split("/")))}
        await self._app(scope, receive, send)


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
