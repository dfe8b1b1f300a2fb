"""RetrieveStudy, RetrieveSeries, RetrieveInstance (PS3.18 10.4.1.1.1)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import InstanceUID, SeriesUID, Server, ServerParts, StudyUID, acceptable
from app.protocol.negotiation import choose
from app.representations import instance_offers
from app.responses import Body, multipart, single_part
from app.services.retrieve import find_instances, stream_instance
from storage.resource import ResourceKey

router = APIRouter(tags=["WADO-RS"])


@router.get("/studies/{study}", operation_id="RetrieveStudy", summary="All instances of a study")
async def retrieve_study(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """The stored files of a study."""
    return await _instances(request, server, ResourceKey(study))


@router.get("/studies/{study}/series/{series}", operation_id="RetrieveSeries", summary="All instances of a series")
async def retrieve_series(request: Request, server: ServerParts, study: StudyUID, series: SeriesUID) -> Response:
    """The stored files of a series."""
    return await _instances(request, server, ResourceKey(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}",
    operation_id="RetrieveInstance",
    summary="One instance",
)
async def retrieve_instance(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID, instance: InstanceUID
) -> Response:
    """The stored file of an instance."""
    return await _instances(request, server, ResourceKey(study, series, instance))


async def _instances(request: Request, server: Server, key: ResourceKey) -> Response:
    accepted = acceptable(request)
    instances = await find_instances(server.archive, key)
    alone = key.sop_instance_uid is not None
    # Every stored transfer syntax must be acceptable: an answer with some instances missing would pass for whole.
    offers = {
        uid: choose(accepted, instance_offers(uid, alone=alone))
        for uid in dict.fromkeys(instance.transfer_syntax_uid for instance in instances)
    }
    contents = [
        (offers[instance.transfer_syntax_uid], Body(instance.size, stream_instance(server.archive, instance)))
        for instance in instances
    ]
    return multipart(contents) if contents[0][0].multipart else single_part(*contents[0])
