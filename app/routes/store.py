"""StoreInstances (PS3.18 10.5)."""

from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import Server, ServerParts, StudyUID
from app.dicom.store_report import StoreReport, write_json
from app.protocol.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from app.protocol.media_type import MediaType
from app.protocol.multipart_reader import Event, MultipartLimits, MultipartReader, PartBegin, PartData, PartEnd
from app.representations import DICOM
from app.responses import json_object
from app.services.store import StoreRequest

router = APIRouter(tags=["STOW-RS"])

_DOCUMENTATION: Final[dict[str, Any]] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                'multipart/related; type="application/dicom"': {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
    "responses": {
        200: {"description": "All instances are stored.", "content": {"application/dicom+json": {}}},
        202: {"description": "Some instances are stored, others failed.", "content": {"application/dicom+json": {}}},
        409: {"description": "No instance is stored.", "content": {"application/dicom+json": {}}},
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
    content_type = _content_type(request)
    reader = MultipartReader(content_type, MultipartLimits(parts=server.limits.parts))
    async with StoreRequest(server.archive, study_instance_uid) as storing:
        async for event in _events(request, reader, server.limits.body_bytes):
            match event:
                case PartBegin():
                    _check_part(event)
                    blob = storing.begin_instance()
                case PartData(data):
                    await blob.write(data)
                case PartEnd():
                    await storing.end_instance(blob)
        report = await storing.commit()
    if not report.outcomes:
        raise MalformedRequest("The body holds no instance")
    return json_object(write_json(report), server.base_url.of(request), status=_status(report))


def _content_type(request: Request) -> MediaType:
    """The media type of the request. Raises UnsupportedMediaType for what is not multipart/related of DICOM files."""
    header = request.headers.get("content-type", "")
    media_type = MediaType.parse(header) if header else None
    if media_type is None or media_type.essence != "multipart/related":
        raise UnsupportedMediaType(f'StoreInstances takes multipart/related; type="application/dicom", not {header!r}')
    part_type = media_type.parameter("type")
    if part_type is not None and MediaType.parse(part_type).essence != DICOM.essence:
        raise UnsupportedMediaType(f"StoreInstances takes parts of type application/dicom, not {part_type!r}")
    return media_type


def _check_part(part: PartBegin) -> None:
    """Refuse a part that says it is something else; one that says nothing is taken for DICOM."""
    header = part.headers.get("content-type")
    if header is not None and not DICOM.matches(MediaType.parse(header)):
        raise UnsupportedMediaType(f"StoreInstances takes parts of type application/dicom, not {header!r}")


async def _events(request: Request, reader: MultipartReader, body_bytes: int) -> AsyncIterator[Event]:
    """The events of the body as it arrives. Raises PayloadTooLarge at the first byte beyond the limit."""
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > body_bytes:
            raise PayloadTooLarge(f"The body is longer than {body_bytes} bytes")
        for event in reader.feed(chunk):
            yield event
    reader.close()


def _status(report: StoreReport) -> int:
    """200 all stored, 202 some, 409 none (PS3.18 10.5.3)."""
    if not report.failed:
        return 200
    return 202 if report.stored else 409
