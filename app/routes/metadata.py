"""RetrieveMetadata (PS3.18 10.4.1.1.2)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import InstanceUID, SeriesUID, Server, ServerParts, StudyUID, acceptable
from app.protocol.negotiation import choose
from app.representations import DOCUMENT_OFFERS
from app.responses import json_array_stream
from app.services.metadata import retrieve_metadata
from storage.resource import ResourceKey

router = APIRouter(tags=["WADO-RS"])


@router.get("/studies/{study}/metadata", operation_id="RetrieveStudyMetadata", summary="Metadata of a study")
async def retrieve_study_metadata(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """The attributes of every instance of a study, without bulk data."""
    return await _metadata(request, server, ResourceKey(study))


@router.get(
    "/studies/{study}/series/{series}/metadata", operation_id="RetrieveSeriesMetadata", summary="Metadata of a series"
)
async def retrieve_series_metadata(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID
) -> Response:
    """The attributes of every instance of a series, without bulk data."""
    return await _metadata(request, server, ResourceKey(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata",
    operation_id="RetrieveInstanceMetadata",
    summary="Metadata of an instance",
)
async def retrieve_instance_metadata(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID, instance: InstanceUID
) -> Response:
    """The attributes of one instance, without bulk data."""
    return await _metadata(request, server, ResourceKey(study, series, instance))


async def _metadata(request: Request, server: Server, key: ResourceKey) -> Response:
    offer = choose(acceptable(request), DOCUMENT_OFFERS)
    batches = await retrieve_metadata(server.archive, key)
    return await json_array_stream(batches, server.base_url.of(request), str(offer.media_type))
