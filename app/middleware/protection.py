"""What stands before each route: who may use it, and how many at the same time."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.access.gate import Gate
from app.access.routes import AccessRouter, Guard
from app.access.scopes import AccessScope
from app.middleware.crowding import InTurn, Turnstile

_NONE_WHERE_OPEN: Final[dict[str, list[str]]] = {}

_SCHEMES: Final = {
    "basic": {"type": "http", "scheme": "basic", "description": "A user and a password, or `token` and a token."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `fovea token`, or a signed one (JWT)."},
}


@dataclass(frozen=True, slots=True)
class Protection:
    """The gate of the server, and the turnstile before what costs much."""

    gate: Gate
    turnstile: Turnstile

    def put_before(self, route: BaseRoute, router: APIRouter) -> None:
        """Guard a route as its router says; what does not say which scope it asks for is for administrators alone."""
        if not isinstance(route, APIRoute):
            return
        event = None
        scope: AccessScope | None = AccessScope.ADMIN
        if isinstance(router, AccessRouter):
            scope, event = router.scope, router.event
            if router.costs_much:
                route.app = InTurn(route.app, self.turnstile)
        if scope is not None:
            security = [{"basic": []}, {"bearer": [str(scope)]}, _NONE_WHERE_OPEN]
            route.openapi_extra = {**(route.openapi_extra or {}), "security": security}
            route.app = Guard(route.app, self.gate, scope, event, route.operation_id or route.name)


def describe_credentials(app: FastAPI) -> None:
    """Say in the API description which credentials there are."""
    describe = app.openapi

    def describe_all() -> dict[str, Any]:
        description = describe()
        description.setdefault("components", {})["securitySchemes"] = _SCHEMES
        return description

    app.openapi = describe_all  # type: ignore[method-assign]
