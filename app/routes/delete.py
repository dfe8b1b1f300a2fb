"""Deletion of studies, series and instances: no transaction of PS3.18, but what clients and other servers have."""

from typing import Any, Final

from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.requests.dependencies import InstanceUID, SeriesUID, Server, ServerParts, StudyUID
from app.services.delete import delete
from storage.resource import ResourceKey

router = AccessRouter(AccessScope.DELETE, AuditEvent.DELETE, tag="Deletion")

_NO_CONTENT: Final[dict[str, Any]] = {"status_code": 204, "response_class": Response}


@router.delete("/studies/{study}", operation_id="DeleteStudy", summary="Delete a study", **_NO_CONTENT)
async def delete_study(server: ServerParts, study: StudyUID) -> Response:
    """Delete all instances of a study."""
    return await _delete(server, ResourceKey(study))


@router.delete(
    "/studies/{study}/series/{series}", operation_id="DeleteSeries", summary="Delete a series", **_NO_CONTENT
)
async def delete_series(server: ServerParts, study: StudyUID, series: SeriesUID) -> Response:
    """Delete all instances of a series."""
    return await _delete(server, ResourceKey(study, series))


@router.delete(
    "/studies/{study}/series/{series}/instances/{instance}",
    operation_id="DeleteInstance",
    summary="Delete an instance",
    **_NO_CONTENT,
)
async def delete_instance(server: ServerParts, study: StudyUID, series: SeriesUID, instance: InstanceUID) -> Response:
    """Delete one instance."""
    return await _delete(server, ResourceKey(study, series, instance))


async def _delete(server: Server, key: ResourceKey) -> Response:
    await delete(server.archive, key)
    return Response(status_code=204)
