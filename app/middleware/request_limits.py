"""What a request may ask of the connection: the size of its head, and the time between pieces of its body."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.errors import problem
from app.settings import LimitsSettings


class RequestLimits:
    """ASGI middleware: an overlong head is refused, and a body that stops coming is not waited for."""

    def __init__(self, app: ASGIApp, settings: LimitsSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 414, 431 (RFC 9110 15.5.15, RFC 6585 5) or 408 (RFC 9110 15.5.9)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings, request_id = self._settings, scope["state"]["request_id"]
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > settings.url_bytes:
            await problem(414, f"a URL may have {settings.url_bytes} bytes", request_id)(scope, receive, send)
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > settings.header_bytes:
            await problem(431, f"headers may have {settings.header_bytes} bytes", request_id)(scope, receive, send)
        elif any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"]):
            await self._with_patience(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _with_patience(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = self._settings.body_seconds
        complete = answered = late = False

        async def receive_in_time() -> Message:
            nonlocal complete, late
            if complete:
                return await receive()
            try:
                async with asyncio.timeout(seconds):
                    message = await receive()
            except TimeoutError:
                late = True
                return {"type": "http.disconnect"}
            complete = not message.get("more_body", False)
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, receive_in_time, send_and_note)
        except ClientDisconnect:
            if not late or answered:
                raise
            detail = f"nothing of the body came for {seconds} seconds"
            answer = problem(408, detail, scope["state"]["request_id"], {"Connection": "close"})
            await answer(scope, receive, send)
