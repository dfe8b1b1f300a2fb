"""The figures of the server's running, for Prometheus."""

from starlette.requests import Request
from starlette.responses import Response

from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.process.metrics import MEDIA_TYPE, Metrics
from app.workers import run_cpu

router = AccessRouter(AccessScope.METRICS, tag="Server")


@router.get(
    "/metrics",
    operation_id="Metrics",
    summary="Figures of the server's running",
    responses={200: {"description": "In the text format of Prometheus.", "content": {"text/plain": {}}}},
)
async def metrics(request: Request) -> Response:
    """Counters and durations by transaction."""
    figures: Metrics = request.app.state.metrics
    figures.refresh()
    return Response(await run_cpu(figures.text), headers={"Content-Type": MEDIA_TYPE})
