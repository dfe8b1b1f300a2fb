"""StoreInstances (PS3.18 10.5).

Some clients send PUT where the standard has POST. It means the same here: whether an instance that is stored already
is replaced is for the settings to say.
"""

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.dicom.store_report import StoreReport, write_json
from app.dicom.xml_writer import write_xml
from app.process.metrics import note_received
from app.protocol.errors import MalformedRequest
from app.protocol.negotiation import Offer, choose
from app.representations import DICOM_XML, REPORT_OFFERS, XML
from app.requests.dependencies import acceptable, addressed
from app.requests.narrowing import narrow_policy
from app.requests.request_body import request_body
from app.requests.uploads import receive
from app.responses.documents import absolute
from app.services.store import StoreRequest

router = AccessRouter(AccessScope.WRITE, AuditEvent.STORE, tag="STOW-RS")

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_REPORT: Final[dict[str, Any]] = {"application/dicom+json": {}, "application/dicom+xml": {}}
_DOCUMENTATION: Final[dict[str, Any]] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                'multipart/related; type="application/dicom"': _BINARY,
                'multipart/related; type="application/dicom+json"': _BINARY,
                'multipart/related; type="application/dicom+xml"': _BINARY,
                "application/dicom": _BINARY,
            },
        }
    },
    "responses": {
        200: {"description": "All instances are stored.", "content": _REPORT},
        202: {"description": "Some instances failed, or are stored with a warning.", "content": _REPORT},
        409: {"description": "No instance is stored.", "content": _REPORT},
    },
}


@router.post("/studies", operation_id="StoreInstances", summary="Store instances", **_DOCUMENTATION)
@router.put("/studies", operation_id="PutInstances", summary="Store instances", **_DOCUMENTATION)
@router.post(
    "/studies/{study}", operation_id="StoreStudyInstances", summary="Store instances of a study", **_DOCUMENTATION
)
@router.put(
    "/studies/{study}", operation_id="PutStudyInstances", summary="Store instances of a study", **_DOCUMENTATION
)
async def store_instances(request: Request) -> Response:
    """Store instances of any studies, or of the one that the path names; those of another fail then."""
    server, key = addressed(request)
    offer = choose(acceptable(request), REPORT_OFFERS)
    policy = narrow_policy(request, server.store_policy)
    async with StoreRequest(server.archive, key.study_instance_uid, policy) as storing:
        body = request_body(request, server.limits.body_bytes)
        await receive(body, request.headers.get("content-type", ""), storing, server.limits)
        report = await storing.commit()
    note_received(request, report)
    if not report.outcomes:
        raise MalformedRequest("The body holds no instance")
    return _report(report, offer, server.base_url.of(request))


def _report(report: StoreReport, offer: Offer, base_url: str) -> Response:
    """The Store Instances Response Module as an object, not an array of one: that is what clients read."""
    document = absolute(write_json(report), base_url)
    if offer.media_type in {DICOM_XML, XML}:
        document = write_xml(orjson.loads(document))
    return Response(document, _status(report), media_type=str(offer.media_type))


def _status(report: StoreReport) -> int:
    """200 all stored, 202 some, or with warnings, 409 none (PS3.18 10.5.3)."""
    if not report.stored:
        return 409
    return 202 if report.failed or any(outcome.warning_reason for outcome in report.stored) else 200
