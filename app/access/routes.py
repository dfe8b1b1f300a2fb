"""Routes that ask for a scope, and the guard before each."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.audit import AuditEvent
from app.access.errors import OutOfSight
from app.access.gate import Gate
from app.access.principal import Principal
from app.access.scopes import AccessScope
from app.protocol.query_string import parse_query_string


class AccessRouter(APIRouter):
    """Routes that ask for one scope, or for none (``None``).

    ``event`` is what the audit log calls their use; of those that cost much, a bounded number runs at the same time.
    """

    def __init__(
        self, scope: AccessScope | None, event: AuditEvent | None = None, *, tag: str, costs_much: bool = False
    ) -> None:
        super().__init__(tags=[tag])
        self.scope = scope
        self.event = event
        self.costs_much = costs_much


class Guard:
    """ASGI application around that of one route, after the path is matched and before anything of the route runs."""

    def __init__(
        self, route: ASGIApp, gate: Gate, scope: AccessScope, event: AuditEvent | None, transaction: str
    ) -> None:
        self._route = route
        self._transaction = transaction
        self._gate = gate
        self.scope = scope
        self._event = event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass that may.

        Raises Unauthenticated, TooManyFailures, KeysUnavailable, Forbidden, OutOfSight.
        """
        state = scope["state"]
        state["audit_event"] = self._event
        state["transaction"] = self._transaction
        study = scope["path_params"].get("study")
        state["studies"] = () if study is None else (study,)
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        principal = await self._gate.admit(authorization, client_address(scope))
        state["principal"] = principal
        self._gate.require(principal, self.scope)
        if principal.studies is not None:
            for study in _studies(scope):
                if not principal.sees(study):
                    raise OutOfSight(f"There is no study {study[:64]}")
        await self._route(scope, receive, send)


def principal_of(request: Request) -> Principal:
    """Who sent a request that a guard let pass."""
    principal: Principal = request.state.principal
    return principal


def client_address(scope: Scope) -> str:
    """Where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _studies(scope: Scope) -> list[str]:
    """Every study that a request names, in its path and in parameters of the URI service (PS3.18 9.1.2)."""
    study: str | None = scope["path_params"].get("study")
    parameters = parse_query_string(scope["query_string"])
    return [*([] if study is None else [study]), *(value for name, value in parameters if name == "studyUID")]
