"""The outermost layer of a request that is ours: its id, its line in the log, and the answer of last resort."""

import logging
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem

logger = logging.getLogger(__name__)


class RequestBoundary:
    """ASGI middleware around the whole application, inside the one for CORS so that errors carry its headers too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            logger.info("request %s: the client went away", request_id)
        except Exception:
            logger.exception("request %s failed", request_id)
            if status:
                # Part of an answer is out. Raising breaks the connection, so that no client takes it for whole.
                raise
            await problem(500, "something went wrong inside the server", request_id)(scope, receive, send_and_note)
        finally:
            # The path without its query: search keys are patient data.
            milliseconds = (time.perf_counter() - started) * 1000
            logger.info("%s %s %d %.1f ms %s", scope["method"], scope["path"], status, milliseconds, request_id)
