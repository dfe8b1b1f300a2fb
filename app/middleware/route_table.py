"""The routes of the server, told apart by their method and length before any is matched.

The framework matches a request against one route after the other, which takes longer than some of them need to answer.
"""

from collections import defaultdict

from fastapi.routing import APIRoute
from starlette.routing import Match, Router
from starlette.types import Receive, Scope, Send


class RouteTable:
    """ASGI application before a router's own, which gets what no route here takes."""

    def __init__(self, router: Router) -> None:
        self._otherwise = router.app
        self._routes: defaultdict[tuple[str, int], list[APIRoute]] = defaultdict(list)
        for route in router.routes:
            # One that ends with a path of its own has no fixed length, and is left to the router.
            if isinstance(route, APIRoute) and ":path}" not in route.path:
                for method in route.methods or ():
                    self._routes[method, route.path.count("/")].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            for route in self._routes.get((scope["method"], path.count("/")), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self._otherwise(scope, receive, send)
