"""RetrieveMetadata (PS3.18 10.4.1.1.2)."""

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.documentation import answering_bytes
from app.protocol.content_coding import CODINGS
from app.protocol.entity_tags import EntityTag
from app.protocol.negotiation import choose
from app.representations import DOCUMENT_OFFERS
from app.requests.dependencies import acceptable, addressed
from app.responses.document_answers import documents_answer
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.metadata import metadata_revision, stored_metadata
from app.services.retrieve import find_instances

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS")

_DOCUMENTED = answering_bytes("The attributes, an object for each instance.", *DOCUMENT_OFFERS)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata",
    operation_id="RetrieveInstanceMetadata",
    summary="Metadata of an instance",
    **_DOCUMENTED,
)
@router.get(
    "/studies/{study}/series/{series}/metadata",
    operation_id="RetrieveSeriesMetadata",
    summary="Metadata of a series",
    **_DOCUMENTED,
)
@router.get(
    "/studies/{study}/metadata", operation_id="RetrieveStudyMetadata", summary="Metadata of a study", **_DOCUMENTED
)
async def retrieve_metadata(request: Request) -> Response:
    """The attributes of each instance, without bulk data."""
    server, key = addressed(request)
    timing = ServerTiming(request)
    offer = choose(acceptable(request), DOCUMENT_OFFERS)
    named = [await metadata_revision(server.archive, key)]
    if offer.multipart and key.sop_instance_uid is None:
        # The boundary must follow from all that is between it; the revision does not tell of all that is in a study.
        named += [instance.sha256 for instance in await find_instances(server.archive, key)]
    timing.note("index")
    base_url, bulk_data_url = server.base_url.of(request), server.base_url.of_bulk_data(request)
    entity_tag = EntityTag.of(named, f"{offer} {bulk_data_url}")
    validation = Validation(entity_tag, f"{base_url}{key.path}/metadata", server.cache_control)
    not_modified = validation.not_modified(request, timing, tuple(CODINGS))
    if not_modified is not None:
        return not_modified
    batches = await stored_metadata(server.archive, key)
    return await documents_answer(request, batches, offer, bulk_data_url, validation, timing)
