"""RetrieveBulkdata by the BulkDataURI that the metadata names (PS3.18 10.4.1.1.5)."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import InstanceUID, SeriesUID, Server, ServerParts, StudyUID, acceptable
from app.dicom.transfer_syntax import transfer_syntax
from app.protocol.negotiation import choose
from app.representations import bulk_data_offers, frame_offers
from app.responses import Body, multipart, single_part
from app.services.bulk_data import find_bulk_value
from app.services.frames import find_frames
from storage.resource import ResourceKey

router = APIRouter(tags=["WADO-RS"])

AttributePath = Annotated[str, Path(pattern="^[0-9A-F]{8}(/[0-9]+/[0-9A-F]{8})*$", description="Tags and item numbers")]


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/bulkdata/{attribute:path}",
    operation_id="RetrieveBulkdata",
    summary="The value of one attribute",
)
async def retrieve_bulkdata(
    request: Request,
    server: ServerParts,
    study: StudyUID,
    series: SeriesUID,
    instance: InstanceUID,
    attribute: AttributePath,
) -> Response:
    """The value of an attribute that the metadata does not hold, at the path that its BulkDataURI names."""
    key = ResourceKey(study, series, instance)
    found = await find_bulk_value(server.archive, key, attribute)
    if found.value.encapsulated:
        return await _pixel_data(request, server, key)
    offer = choose(acceptable(request), bulk_data_offers())
    body = Body(*await found.body())
    return multipart([(offer, body)]) if offer.multipart else single_part(offer, body)


async def _pixel_data(request: Request, server: Server, key: ResourceKey) -> Response:
    """Encapsulated pixel data is given as its frames, one a part (PS3.18 8.7.3.3.2)."""
    found = await find_frames(server.archive, key)
    stored = transfer_syntax(found.instance.transfer_syntax_uid)
    frames = range(found.index.number_of_frames)
    offer = choose(acceptable(request), frame_offers(stored, alone=len(frames) == 1))
    bodies = [Body(found.length(frame), found.stream(frame)) for frame in frames]
    return multipart([(offer, body) for body in bodies]) if offer.multipart else single_part(offer, bodies[0])
