"""The outermost layer of a request that is ours: its id, its line in the logs, and the answer of last resort."""

import logging
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.audit import Access, AuditTrail
from app.access.principal import Principal
from app.access.routes import client_address
from app.middleware.errors import problem
from app.process.metrics import OTHER, Metrics
from app.responses.sending import AnswerBrokenOff

logger = logging.getLogger(__name__)


class RequestBoundary:
    """ASGI middleware around the whole application, inside the one for CORS so that errors carry its headers too."""

    def __init__(self, app: ASGIApp, audit: AuditTrail, metrics: Metrics) -> None:
        self._app = app
        self._audit = audit
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started, status, size = time.perf_counter(), 0, 0
        scope.setdefault("state", {}).update(request_id=request_id, began=started)
        self._metrics.begin()

        async def send_and_note(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            logger.info("request %s: the client went away", request_id)
        except AnswerBrokenOff as error:
            # The server breaks the connection of an answer that does not end.
            logger.error("request %s: the answer was broken off: %s", request_id, error)
        except Exception:
            logger.exception("request %s failed", request_id)
            if status:
                # Part of an answer is out. Raising breaks the connection, so that no client takes it for whole.
                raise
            await problem(500, "something went wrong inside the server", request_id)(scope, receive, send_and_note)
        finally:
            # The path without its query: search keys are patient data.
            seconds = time.perf_counter() - started
            logger.info("%s %s %d %.1f ms %s", scope["method"], scope["path"], status, seconds * 1000, request_id)
            self._metrics.end(scope["state"].get("transaction", OTHER), status, seconds, size)
            self._note_access(scope, status, size)

    def _note_access(self, scope: Scope, status: int, size: int) -> None:
        """Write down, of a route that is audited, who used it or tried to."""
        state = scope["state"]
        event = state.get("audit_event")
        if event is None:
            return
        principal: Principal | None = state.get("principal")
        self._audit.write(
            Access(
                asked=event,
                who=principal.name if principal else None,
                address=client_address(scope),
                method=scope["method"],
                path=scope["path"],
                studies=state["studies"],
                status=status,
                size=size,
                request_id=state["request_id"],
            )
        )
