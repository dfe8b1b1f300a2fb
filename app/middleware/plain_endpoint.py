"""Routes that read their request themselves, without the framework's reading of parameters in between.

That costs more than the look-up of a frame. The API description is the framework's all the same.
"""

import inspect
from collections.abc import Awaitable, Callable

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send


class PlainEndpoint:
    """ASGI application of a function that makes the response to a request; what it raises is answered further out."""

    def __init__(self, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def make_plain(route: BaseRoute) -> None:
    """Let a route whose function takes the request alone be answered by that function alone."""
    if isinstance(route, APIRoute) and list(inspect.signature(route.endpoint).parameters) == ["request"]:
        route.app = PlainEndpoint(route.endpoint)
