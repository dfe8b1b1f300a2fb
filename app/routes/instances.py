"""RetrieveStudy, RetrieveSeries, RetrieveInstance (PS3.18 10.4.1.1.1)."""

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.documentation import answering_bytes
from app.representations import DICOM, MULTIPART_DICOM, ZIP_OFFER
from app.requests.dependencies import acceptable, addressed
from app.responses.instances_answer import answer_instances

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS")

_SEVERAL = answering_bytes("The instances.", MULTIPART_DICOM, ZIP_OFFER)
_ALONE = answering_bytes("The instance.", MULTIPART_DICOM, str(DICOM), ZIP_OFFER)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}",
    operation_id="RetrieveInstance",
    summary="One instance",
    **_ALONE,
)
@router.get(
    "/studies/{study}/series/{series}",
    operation_id="RetrieveSeries",
    summary="All instances of a series",
    **_SEVERAL,
)
@router.get("/studies/{study}", operation_id="RetrieveStudy", summary="All instances of a study", **_SEVERAL)
async def retrieve_instances(request: Request) -> Response:
    """The instances, in the transfer syntax that is asked for."""
    server, key = addressed(request)
    return await answer_instances(request, server, key, acceptable(request))
