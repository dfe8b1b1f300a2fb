"""The one table from exceptions to HTTP: every error leaves as problem details (RFC 9457)."""

import http
import logging
import math
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.access.errors import Forbidden, KeysUnavailable, OutOfSight, TooManyFailures, Unauthenticated
from app.codecs.errors import CannotTranscode
from app.description.capabilities import methods_of
from app.dicom.query_parameters import InvalidQuery
from app.middleware.crowding import TooCrowded
from app.middleware.origins import ForeignPage
from app.protocol.byte_ranges import content_range
from app.protocol.errors import (
    MalformedRequest,
    NotAcceptable,
    PayloadTooLarge,
    PreconditionFailed,
    RangeNotSatisfiable,
    UnsupportedContentCoding,
    UnsupportedMediaType,
)
from app.rendering.errors import InvalidRenderingParameter, NotRenderable
from app.services.errors import ArchiveTooLarge, LostBytes, ResourceNotFound, UnreadableArchive
from storage.errors import BlobNotFound, StorageFull, StorageUnavailable

logger = logging.getLogger(__name__)

STATUS_OF: dict[type[Exception], int] = {
    MalformedRequest: 400,
    InvalidQuery: 400,
    InvalidRenderingParameter: 400,
    RequestValidationError: 400,
    UnreadableArchive: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    ForeignPage: 403,
    OutOfSight: 404,
    ResourceNotFound: 404,
    BlobNotFound: 404,  # deleted between the look-up and the read
    NotAcceptable: 406,
    NotRenderable: 406,
    CannotTranscode: 406,
    PreconditionFailed: 412,
    PayloadTooLarge: 413,
    ArchiveTooLarge: 413,
    UnsupportedMediaType: 415,
    RangeNotSatisfiable: 416,
    TooManyFailures: 429,
    LostBytes: 500,
    TooCrowded: 503,
    StorageUnavailable: 503,
    KeysUnavailable: 503,
    StorageFull: 507,
}
"""The status of each exception; anything else is a 500 that says nothing of what happened inside."""

RETRY_AFTER_SECONDS = 5

_VARY: Final = {404: "Authorization", 406: "Accept, Authorization"}
"""What besides the URL decides an error (RFC 9110 12.5.5): what one may not see does not exist for him."""

DOCUMENTATION: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["title", "status", "detail", "request_id"],
                    "properties": {
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "request_id": {"type": "string"},
                        "offered": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "Of a 406: the media types on offer.",
                        },
                    },
                }
            }
        },
    }
}
"""What every route may answer, for the API description."""


def install(app: FastAPI) -> None:
    """Answer every exception of the table, and those of the framework, with a problem."""
    for kind in STATUS_OF:
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(HTTPException, _answer_framework)


def problem(
    status: int, detail: str, request_id: str, headers: Mapping[str, str] | None = None, **members: object
) -> Response:
    """Problem details as an answer, with further members; never to be kept, since each tells of one request."""
    content = {"title": http.HTTPStatus(status).phrase, "status": status, "detail": detail, "request_id": request_id}
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(content | members), status, headers, media_type="application/problem+json")


async def _answer(request: Request, error: Exception) -> Response:
    status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    headers = {"Vary": _VARY[status]} if status in _VARY else {}
    members: dict[str, object] = {}
    if isinstance(error, NotAcceptable):
        members["offered"] = error.offered
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = content_range(None, error.size)
    if isinstance(error, UnsupportedContentCoding):
        headers["Accept-Encoding"] = ", ".join(error.supported)  # RFC 9110 15.5.16
    if isinstance(error, TooManyFailures):
        headers["Retry-After"] = str(math.ceil(error.seconds))
    if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        logger.error("unavailable: %s", error.__cause__ or error)
    detail = _describe(error) if isinstance(error, RequestValidationError) else str(error)
    response = problem(status, detail, request.state.request_id, headers, **members)
    if isinstance(error, Unauthenticated):
        for challenge in error.challenges:  # each in a field of its own: clients that read lists of them are rare
            response.headers.append("WWW-Authenticate", challenge)
    return response


async def _answer_framework(request: Request, error: Exception) -> Response:
    """Paths and methods that no route has."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED and (methods := _known_methods(request)):
        headers["Allow"] = ", ".join(methods)
    return problem(error.status_code, str(error.detail), request.state.request_id, headers)


def _known_methods(request: Request) -> list[str]:
    """Every method described for the path (RFC 9110 15.5.6); the framework names those of one route only."""
    return methods_of(request.app.openapi()["paths"], request.url.path)


def _describe(error: RequestValidationError) -> str:
    """What is wrong with path and query parameters, each by its name."""
    return "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
