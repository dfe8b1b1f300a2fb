"""HEAD: the head of the answer to GET, without its body (RFC 9110 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.requests.head import HEAD_MARK


class HeadAsGet:
    """ASGI middleware: routes see a GET, and nothing of the body goes out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as a GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send(message if message["type"] != "http.response.body" else {**message, "body": b""})

        await self._app({**scope, "method": "GET", HEAD_MARK: True}, receive, send_head)
