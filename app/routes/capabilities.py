"""RetrieveCapabilities: OPTIONS on every resource (PS3.18 8.9)."""

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from app.access.routes import AccessRouter
from app.description.capabilities import describe, methods_of, write_json, write_wadl
from app.protocol.negotiation import choose
from app.representations import CAPABILITIES_OFFERS, JSON
from app.requests.dependencies import ServerParts, acceptable


def capabilities_router(routers: Iterable[APIRouter]) -> AccessRouter:
    """A route for OPTIONS on the root and on every path that the routers have.

    It tells nothing of what is stored, so it asks for no scope. Preflights of browsers never come here: they are
    answered by the layer around all routes.
    """
    router = AccessRouter(None, tag="Server")
    paths = (route.path for each in routers for route in each.routes if isinstance(route, APIRoute))
    for path in dict.fromkeys(["", *paths]):
        router.add_api_route(path, retrieve_capabilities, methods=["OPTIONS"], include_in_schema=False)
    return router


async def retrieve_capabilities(request: Request, server: ServerParts) -> Response:
    """What can be asked of a resource and of those below it."""
    offer = choose(acceptable(request), CAPABILITIES_OFFERS)
    base_url, root = server.base_url.of(request), server.base_url.root
    template = request.scope["route"].path.removeprefix(root).replace(":path}", "}")
    paths = request.app.openapi()["paths"]
    resource = describe(paths, root, template)
    write = write_json if offer.media_type == JSON else write_wadl
    # The root itself is none of the described resources.
    allowed = methods_of(paths, f"{root}{template}") or ["OPTIONS"]
    headers = {"Allow": ", ".join(allowed), "Vary": "Accept"}
    return Response(write(resource, base_url), 200, headers, media_type=str(offer.media_type))
