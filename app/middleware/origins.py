"""Which web pages may use the server from a browser (Fetch standard, 3.2)."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import CorsSettings

LOOPBACK_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
"""Pages that this machine serves to itself may use the archive; a page from elsewhere must not read it."""

ANY_ORIGIN = "*"

Headers = list[tuple[bytes, bytes]]


class ForeignPage(Exception):
    """A page that may not use the server sent a request that browsers send without asking the server first."""


class CrossOrigin:
    """ASGI middleware around everything else: errors carry the headers too, so that a viewer can tell what is wrong.

    Credentials come in a header that pages set themselves, never in a cookie: browsers are not told that they may send
    credentials of their own.
    """

    def __init__(self, app: ASGIApp, settings: CorsSettings, everybody_logs_in: Callable[[], bool]) -> None:
        """Where everybody must log in, a page learns nothing that its user was not given credentials for."""
        self._app = app
        self._settings = settings
        self._everybody_logs_in = everybody_logs_in
        self._exposed = (b"access-control-expose-headers", _listed(settings.exposed_headers))
        self._permissions: Headers = [
            (b"access-control-allow-methods", _listed(settings.methods)),
            (b"access-control-allow-headers", _listed(settings.request_headers)),
            (b"access-control-max-age", str(settings.preflight_seconds).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, which carries no credentials, for any path; pass on everything else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = asked = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                asked = value
        allowed = origin is not None and self._may(origin.decode("latin-1"))
        headers = _headers(origin) if origin is not None and allowed else [(b"vary", b"Origin"), *_EMBEDDING]
        if origin is not None and asked is not None and scope["method"] == "OPTIONS":
            permissions = self._permissions if allowed else []
            await send({"type": "http.response.start", "status": 204, "headers": headers + permissions})
            await send({"type": "http.response.body", "body": b""})
            return
        if allowed:
            headers.append(self._exposed)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _may(self, origin: str) -> bool:
        if _is_named(origin, self._settings) or LOOPBACK_ORIGIN.fullmatch(origin):
            return True
        return not self._settings.origins and self._everybody_logs_in()


def refuse_foreign_pages(request: Request, settings: CorsSettings) -> None:
    """Let pass what no browser sent, and what a page of this server or an allowed one did. Raises ForeignPage.

    For requests like those of a plain web form, which browsers send from any page, without a preflight, and with the
    password that their user has typed for this server.
    """
    origin = request.headers.get("origin")
    if origin is None or _is_named(origin, settings) or LOOPBACK_ORIGIN.fullmatch(origin):
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignPage("pages of this origin may not upload; FOVEA_CORS__ORIGINS names those that may")


_EMBEDDING: Headers = [(b"cross-origin-resource-policy", b"cross-origin")]
"""A viewer that isolates itself from other pages may show images of this server: what a page shows it need not be able
to read, which the headers for its origin decide."""


def _is_named(origin: str, settings: CorsSettings) -> bool:
    return origin in settings.origins or ANY_ORIGIN in settings.origins


def _headers(origin: bytes) -> Headers:
    return [
        (b"access-control-allow-origin", origin),
        (b"timing-allow-origin", origin),
        (b"vary", b"Origin"),
        *_EMBEDDING,
    ]


def _listed(names: Sequence[str]) -> bytes:
    return ", ".join(names).encode()
