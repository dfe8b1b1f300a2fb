"""Deletion of studies, series and instances: no transaction of PS3.18, but what clients and other servers have."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.requests.dependencies import InstanceUID, SeriesUID, Server, ServerParts, StudyUID, acceptable
from app.responses.instances_answer import answer_instances
from app.services.delete import delete
from storage.resource import ResourceKey

router = AccessRouter(AccessScope.DELETE, AuditEvent.DELETE, tag="Deletion")

_NO_CONTENT: Final[dict[str, Any]] = {"status_code": 204, "response_class": Response}


@router.delete("/studies/{study}", operation_id="DeleteStudy", summary="Delete a study", **_NO_CONTENT)
async def delete_study(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """Delete all instances of a study."""
    return await _delete(request, server, ResourceKey(study))


@router.delete(
    "/studies/{study}/series/{series}", operation_id="DeleteSeries", summary="Delete a series", **_NO_CONTENT
)
async def delete_series(request: Request, server: ServerParts, study: StudyUID, series: SeriesUID) -> Response:
    """Delete all instances of a series."""
    return await _delete(request, server, ResourceKey(study, series))


@router.delete(
    "/studies/{study}/series/{series}/instances/{instance}",
    operation_id="DeleteInstance",
    summary="Delete an instance",
    **_NO_CONTENT,
)
async def delete_instance(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID, instance: InstanceUID
) -> Response:
    """Delete one instance."""
    return await _delete(request, server, ResourceKey(study, series, instance))


async def _delete(request: Request, server: Server, key: ResourceKey) -> Response:
    if "if-match" in request.headers:
        # It names what GET gives to the same Accept (RFC 9110 3.2), which is refused where that is another.
        await answer_instances(request, server, key, acceptable(request))
    await delete(server.archive, key)
    return Response(status_code=204)
