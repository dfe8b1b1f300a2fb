"""RetrieveBulkdata: by the BulkDataURI that the metadata names, or all (PS3.18 10.4.1.1.5, 10.4.1.1.7)."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.documentation import answering, answering_bytes
from app.protocol.errors import MalformedRequest
from app.protocol.negotiation import Offer, choose
from app.representations import BULK_DATA_OFFERS, FRAME_MEDIA_TYPES, bulk_part_offers, document_offers
from app.requests.dependencies import Server, acceptable, addressed
from app.responses.stored_answers import StoredAnswer, StoredPart
from app.services.bulk_collections import BulkPart, bulk_parts, bulk_syntaxes
from app.services.bulk_data import find_bulk_value
from app.services.errors import ResourceNotFound
from app.services.retrieve import find_instances
from storage.records import StoredInstance

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS")

_VALUE = answering_bytes("The value.", *BULK_DATA_OFFERS, *FRAME_MEDIA_TYPES)
_VALUES = answering("The values, each a part.", *BULK_DATA_OFFERS, *FRAME_MEDIA_TYPES)

_ATTRIBUTE_PATH = re.compile(r"[0-9A-F]{8}(/[0-9]+/[0-9A-F]{8})*")


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/bulkdata/{attribute:path}",
    operation_id="RetrieveBulkdata",
    summary="The value of one attribute",
    **_VALUE,
)
async def retrieve_bulkdata(request: Request) -> Response:
    """The value of an attribute that the metadata does not hold, at the path that its BulkDataURI names."""
    server, key = addressed(request)
    attribute = request.path_params["attribute"]
    if not _ATTRIBUTE_PATH.fullmatch(attribute):
        raise MalformedRequest(f"{attribute[:80]!r} is not a path of tags and item numbers")
    answer = StoredAnswer(server, request, f"{key.path}/bulkdata/{attribute}")
    found = await find_bulk_value(server.archive, key, attribute)
    answer.timing.note("index")
    if found.value.encapsulated:
        return await _collection(request, server, answer, [found.instance], pixels_alone=True)
    offer = choose(acceptable(request), document_offers(found.media_type))
    return await answer.of_value(StoredPart(offer, await found.content(), answer.url), found.instance.sha256)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/bulkdata",
    operation_id="RetrieveInstanceBulkdata",
    summary="All bulk data of an instance",
    **_VALUES,
)
@router.get(
    "/studies/{study}/series/{series}/bulkdata",
    operation_id="RetrieveSeriesBulkdata",
    summary="All bulk data of a series",
    **_VALUES,
)
@router.get(
    "/studies/{study}/bulkdata",
    operation_id="RetrieveStudyBulkdata",
    summary="All bulk data of a study",
    **_VALUES,
)
async def retrieve_all_bulk_data(request: Request) -> Response:
    """The values of all attributes that the metadata does not hold."""
    server, key = addressed(request)
    answer = StoredAnswer(server, request, f"{key.path}/bulkdata")
    instances = await find_instances(server.archive, key)
    return await _collection(request, server, answer, instances, pixels_alone=False)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/pixeldata",
    operation_id="RetrieveInstancePixelData",
    summary="All pixel data of an instance",
    **_VALUES,
)
@router.get(
    "/studies/{study}/series/{series}/pixeldata",
    operation_id="RetrieveSeriesPixelData",
    summary="All pixel data of a series",
    **_VALUES,
)
@router.get(
    "/studies/{study}/pixeldata",
    operation_id="RetrieveStudyPixelData",
    summary="All pixel data of a study",
    **_VALUES,
)
async def retrieve_all_pixel_data(request: Request) -> Response:
    """Pixel data: native as one part for an instance, compressed with each frame as a part."""
    server, key = addressed(request)
    answer = StoredAnswer(server, request, f"{key.path}/pixeldata")
    instances = await find_instances(server.archive, key)
    return await _collection(request, server, answer, instances, pixels_alone=True)


async def _collection(
    request: Request, server: Server, answer: StoredAnswer, instances: Sequence[StoredInstance], *, pixels_alone: bool
) -> Response:
    """Bulk values and frames, each a part; one that is alone, as the client likes it."""
    accepted = acceptable(request)
    syntaxes = await bulk_syntaxes(server.archive, instances, pixels_alone=pixels_alone)
    if not syntaxes:
        raise ResourceNotFound(f"there is no {'pixel' if pixels_alone else 'bulk'} data in what is stored there")
    async with aclosing(bulk_parts(server.archive, instances, pixels_alone=pixels_alone)) as parts:
        first, second = await anext(parts), await anext(parts, None)
    answer.timing.note("index")
    digests = [instance.sha256 for instance in instances]
    if second is None:
        offer = choose(accepted, bulk_part_offers(first.syntax, alone=True))
        return await answer.of_value(_part(answer, first, offer), b"".join(digests))
    # Every kind of part must be acceptable: an answer with some parts missing would pass for whole.
    offers = {syntax: choose(accepted, bulk_part_offers(syntax, alone=False)) for syntax in syntaxes}

    async def stored_parts() -> AsyncGenerator[StoredPart]:
        async for part in bulk_parts(server.archive, instances, pixels_alone=pixels_alone):
            yield _part(answer, part, offers[part.syntax])

    used = dict.fromkeys([offers[first.syntax], *sorted(offers.values(), key=str)])
    return await answer.of_found(stored_parts, list(used), digests)


def _part(answer: StoredAnswer, part: BulkPart, offer: Offer) -> StoredPart:
    return StoredPart(offer, part.content, answer.base_url + part.path)
