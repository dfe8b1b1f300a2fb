"""The ways to the server: from web pages, through proxies, by HTTPS."""

import ipaddress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from app.settings.section import DOCUMENTED

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _prefix(path: str) -> str:
    """A path before all others: begins with a slash, does not end with one; or empty."""
    return "/" + path.strip("/") if path.strip("/") else ""


class CorsSettings(BaseModel):
    """Which web pages may use the server from a browser."""

    model_config = DOCUMENTED

    origins: list[str] = []
    """Origins such as ``https://viewer.example.org``, or ``*``. Pages served from this machine's loopback may always;
    where everybody must log in, pages from anywhere may as long as nothing is set."""

    methods: list[str] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    """Methods that pages may use."""

    request_headers: list[str] = [
        "Accept",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-Type",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Prefer",
        "Range",
        "X-Requested-With",
    ]
    """Headers that pages may send."""

    exposed_headers: list[str] = [
        "Accept-Ranges",
        "Allow",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Length",
        "Content-Location",
        "Content-Range",
        "Content-Type",
        "ETag",
        "Last-Modified",
        "Link",
        "Location",
        "Preference-Applied",
        "Retry-After",
        "Server-Timing",
        "WWW-Authenticate",
        "Warning",
        "X-Total-Count",
    ]
    """Headers of answers that pages may read."""

    preflight_seconds: Annotated[int, Field(ge=0)] = 7200
    """How long a browser may remember what a page may: without it every frame costs two requests."""


class TlsSettings(BaseModel):
    """HTTPS by the server itself."""

    model_config = DOCUMENTED

    certificate: Path | None = None
    """The certificate with its chain, as PEM. SIGHUP has a new one read."""

    key: Path | None = None
    """The private key, as PEM; not needed when it is in the file of the certificate."""

    client_ca: Path | None = None
    """Certificates of authorities, as PEM: only clients with a certificate by one of them may connect."""

    @model_validator(mode="after")
    def _need_a_certificate(self) -> Self:
        if (self.key or self.client_ca) and not self.certificate:
            raise ValueError("HTTPS needs a certificate: --ssl-certfile, or FOVEA_TLS__CERTIFICATE")
        return self


class ProxySettings(BaseModel):
    """Proxies between clients and the server."""

    model_config = DOCUMENTED

    trusted: list[Network] = []
    """Addresses or networks of proxies whose ``Forwarded`` and ``X-Forwarded-*`` headers are believed."""

    root_path: Annotated[str, AfterValidator(_prefix)] = ""
    """The path below which a proxy shows the server, and which it takes away, such as ``/pacs``."""


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
