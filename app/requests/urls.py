"""The URLs we emit: where the DICOMweb root is, as the client that asks sees it."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from app.settings import Settings

_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

HOSTS_KEPT = 64
"""Hosts whose URL is remembered: every answer is full of it."""


class BaseUrl:
    """The absolute URL of the DICOMweb root, without a slash at its end; ``root`` is its path on this server."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = str(settings.public_url).rstrip("/") if settings.public_url else None
        self.root = settings.dicomweb_root
        self._bulk_data_by_path = settings.retrieve.bulk_data_uris == "relative"

    def of(self, request: Request) -> str:
        """The root in the words of a request: the configured one, else the host that the request names.

        A Host header without a port is completed with the socket's own port: dicomweb-client for Python sends the bare
        name whatever the port is, and URLs made from that alone lead nowhere.
        """
        if self._public_url is not None:
            return self._public_url
        scope = request.scope
        # The path below which a proxy shows the server (app.middleware.proxies).
        root = scope.get("root_path", "") + self.root
        return _base_url(scope["scheme"], request.headers.get("host", ""), scope.get("server"), root)

    def of_bulk_data(self, request: Request) -> str:
        """What a BulkDataURI in metadata begins with: the same, or by the settings its path alone."""
        return urlsplit(self.of(request)).path if self._bulk_data_by_path else self.of(request)


@lru_cache(maxsize=HOSTS_KEPT)
def _base_url(scheme: str, host: str, socket: tuple[str, int | None] | None, root: str) -> str:
    own_name, own_port = socket or ("127.0.0.1", None)
    named = _HOST.fullmatch(host)
    name = named["name"] if named else _bracketed(own_name)
    port = int(named["port"]) if named and named["port"] else own_port
    suffix = "" if port in {None, _DEFAULT_PORTS.get(scheme)} else f":{port}"
    return f"{scheme}://{name}{suffix}{root}"


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
