"""What browsers are told about our answers, so that what is stored here cannot act as a page of this server."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""A page shows and runs what comes from this server, and is shown in no other's frame (Content Security Policy 3)."""

_XML: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    b"sandbox"
)
"""A stored document of XML may have elements of a page within: it is shown, and runs and loads nothing."""

_API_DOCUMENTATION: Final = (
    b"default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
    b"worker-src blob:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The pages that the framework makes of the API description load their scripts from elsewhere."""

_API_PATHS: Final = {"/docs", "/redoc"}


class PageHeaders:
    """ASGI middleware: no answer is taken for another type than it says, and pages are kept apart from others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                headers.append((b"x-content-type-options", b"nosniff"))
                policy = _policy(dict(headers).get(b"content-type", b""), scope["path"])
                if policy:
                    headers += [(b"content-security-policy", policy), (b"referrer-policy", b"no-referrer")]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(content_type: bytes, path: str) -> bytes:
    if content_type.startswith(b"text/html"):
        return _API_DOCUMENTATION if path in _API_PATHS else _PAGE
    return _XML if content_type.startswith(b"text/xml") else b""
