"""Upload by a web form: files and zip archives, for people; the instances go the way of StoreInstances."""

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.dicom.store_report import FailedInstance, StoreReport
from app.middleware.origins import refuse_foreign_pages
from app.process.metrics import note_received
from app.protocol.errors import MalformedRequest
from app.requests.dependencies import ServerParts
from app.requests.narrowing import narrow_policy
from app.requests.request_body import request_body
from app.requests.uploads import receive_form
from app.services.store import StoreRequest

router = AccessRouter(AccessScope.WRITE, AuditEvent.STORE, tag="Server")

_DOCUMENTATION: Final[dict[str, Any]] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    }
                }
            },
        }
    },
    "responses": {200: {"description": "What became of each file.", "content": {"application/json": {}}}},
}


@router.post("/upload", operation_id="Upload", summary="Store files and zip archives of a web form", **_DOCUMENTATION)
async def upload(request: Request, server: ServerParts) -> Response:
    """Store DICOM files, also those in zip archives, and tell of each by its name."""
    refuse_foreign_pages(request, server.cors)
    async with StoreRequest(server.archive, None, narrow_policy(request, server.store_policy)) as storing:
        body = request_body(request, server.limits.body_bytes)
        names = await receive_form(body, request.headers.get("content-type", ""), storing, server.limits)
        report = await storing.commit()
    note_received(request, report)
    if not names:
        raise MalformedRequest("The form holds no file")
    return Response(orjson.dumps(_summary(names, report)), media_type="application/json")


def _summary(names: list[str], report: StoreReport) -> dict[str, object]:
    failed = [
        {"file": name, "reason": "; ".join(outcome.details)}
        for name, outcome in zip(names, report.outcomes, strict=True)
        if isinstance(outcome, FailedInstance)
    ]
    return {"stored": len(report.stored), "failed": failed}
