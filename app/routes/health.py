"""Whether the server is alive and ready, and a page for people who open its address in a browser."""

from starlette.responses import HTMLResponse, JSONResponse, Response

from app.access.routes import AccessRouter
from app.requests.dependencies import ServerParts
from app.services.readiness import check_stores

router = AccessRouter(None, tag="Server")

_WELCOME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Fovea</title></head>
<body><h1>Fovea</h1><p>A DICOMweb server. Its resources are described in the <a href="docs">API documentation</a>.</p>
</body></html>
"""


@router.get("/", include_in_schema=False)
async def welcome() -> Response:
    """Say what this is."""
    return HTMLResponse(_WELCOME)


@router.get(
    "/health",
    operation_id="Health",
    summary="Whether the server answers",
    responses={200: {"description": "It does.", "content": {"application/json": {}}}},
)
async def health() -> Response:
    """Answer as long as the server lives."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/ready",
    operation_id="Ready",
    summary="Whether the server can work",
    responses={200: {"description": "Index and blob store answer.", "content": {"application/json": {}}}},
)
async def ready(server: ServerParts) -> Response:
    """Answer 503 while the index or the blob store does not."""
    await check_stores(server.archive)
    return JSONResponse({"status": "ready"})
