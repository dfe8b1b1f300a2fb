"""StoreInstances (PS3.18 10.5)."""

from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import Server, ServerParts, StudyUID, acceptable
from app.dicom.store_report import StoreReport, write_json
from app.dicom.xml_writer import write_xml
from app.protocol.errors import MalformedRequest
from app.protocol.negotiation import Offer, choose
from app.representations import DICOM_XML, REPORT_OFFERS, XML
from app.request_body import request_body
from app.responses import absolute
from app.services.store import StoreRequest
from app.uploads import receive

router = APIRouter(tags=["STOW-RS"])

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
async def store_instances(request: Request, server: ServerParts) -> Response:
    """Store instances of any studies."""
    return await _store(request, server, None)


@router.post(
    "/studies/{study}", operation_id="StoreStudyInstances", summary="Store instances of a study", **_DOCUMENTATION
)
async def store_study_instances(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """Store instances of one study; those of another fail."""
    return await _store(request, server, study)


async def _store(request: Request, server: Server, study_instance_uid: str | None) -> Response:
    offer = choose(acceptable(request), REPORT_OFFERS)
    async with StoreRequest(server.archive, study_instance_uid, server.store_policy) as storing:
        body = request_body(request, server.limits.body_bytes)
        await receive(body, request.headers.get("content-type", ""), storing, server.limits)
        report = await storing.commit()
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
