"""Paths as people type them."""

from starlette.types import ASGIApp, Receive, Scope, Send


class PlainPaths:
    """ASGI middleware that reads ``//`` in a path as ``/``, and a path that ends with a slash as the one without.

    Clients append ``/studies`` to a root that people type with a slash at its end (dicomweb-client, 3D Slicer). A
    redirect to the plain path would be built from the Host header, and so lead some of them elsewhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its plain path."""
        if scope["type"] == "http" and ("//" in scope["path"] or scope["path"].endswith("/")):
            scope = {**scope, "path": "/" + "/".join(filter(None, scope["path"].split("/")))}
        await self._app(scope, receive, send)
