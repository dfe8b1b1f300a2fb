"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.documentation import ACCEPT, answering
from app.dicom.query_parameters import SearchRequest, parse_search
from app.protocol.content_coding import CODINGS
from app.protocol.entity_tags import EntityTag
from app.protocol.negotiation import choose
from app.protocol.preferences import parse_preferences
from app.protocol.query_string import next_page, parse_query_string
from app.representations import DICOM_XML, DOCUMENT_OFFERS
from app.requests.dependencies import acceptable, addressed
from app.requests.narrowing import narrow_search
from app.responses.document_answers import documents_answer
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.search import SearchAnswer, search
from storage.resource import Level

router = AccessRouter(AccessScope.READ, AuditEvent.QUERY, tag="QIDO-RS")

_RESOURCE_OF = {Level.STUDY: "/studies", Level.SERIES: "/series", Level.INSTANCE: "/instances"}

_PARAMETERS: Final[dict[str, Any]] = {
    "openapi_extra": {
        "parameters": [
            {
                "name": "limit",
                "in": "query",
                "description": "How many results at the most.",
                "schema": {"type": "integer", "minimum": 0},
            },
            {
                "name": "offset",
                "in": "query",
                "description": "How many results to skip.",
                "schema": {"type": "integer", "minimum": 0},
            },
            ACCEPT,
            {
                "name": "Prefer",
                "in": "header",
                "description": "`count=exact` asks for X-Total-Count also where many results must be counted.",
                "schema": {"type": "string"},
            },
            {
                "name": "includefield",
                "in": "query",
                "description": "Attributes to return beyond the usual ones: keywords, tags, or `all`.",
                "schema": {"type": "array", "items": {"type": "string"}},
            },
            {
                "name": "matches",
                "in": "query",
                "description": "Matching keys: any number of `attribute=value`, by keyword or tag.",
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                "style": "form",
                "explode": True,
            },
        ]
    },
    "responses": answering("The matches, possibly none.", *DOCUMENT_OFFERS)["responses"],
}


@router.get("/studies", operation_id="SearchForStudies", summary="Search for studies", **_PARAMETERS)
async def search_for_studies(request: Request) -> Response:
    """Search the archive for studies."""
    return await _search(request, Level.STUDY)


@router.get(
    "/studies/{study}/series", operation_id="SearchForStudySeries", summary="Search a study for series", **_PARAMETERS
)
@router.get("/series", operation_id="SearchForSeries", summary="Search for series", **_PARAMETERS)
async def search_for_series(request: Request) -> Response:
    """Search the archive or a study for series."""
    return await _search(request, Level.SERIES)


@router.get(
    "/studies/{study}/series/{series}/instances",
    operation_id="SearchForSeriesInstances",
    summary="Search a series for instances",
    **_PARAMETERS,
)
@router.get(
    "/studies/{study}/instances",
    operation_id="SearchForStudyInstances",
    summary="Search a study for instances",
    **_PARAMETERS,
)
@router.get("/instances", operation_id="SearchForInstances", summary="Search for instances", **_PARAMETERS)
async def search_for_instances(request: Request) -> Response:
    """Search the archive, a study or a series for instances."""
    return await _search(request, Level.INSTANCE)


async def _search(request: Request, level: Level) -> Response:
    timing = ServerTiming(request)
    server, scope = addressed(request)
    offer = choose(acceptable(request), DOCUMENT_OFFERS)
    parameters = parse_query_string(request.scope["query_string"])
    asked = narrow_search(request, parse_search(level, scope, parameters, maximum_limit=server.limits.search_results))
    count = parse_preferences(request.headers.getlist("prefer")).get("count") == "exact"
    answer = await search(server.archive, asked, count=count)
    timing.note("index")
    base_url = server.base_url.of(request)
    headers = _paging(request, f"{base_url}{scope.path}{_RESOURCE_OF[level]}", asked, answer)
    if warnings := _warnings(asked, answer, base_url):
        headers["warning"] = ", ".join(warnings)
    if count:
        headers["preference-applied"] = "count=exact"
    validation = Validation(EntityTag.of(answer.results, f"{offer} {base_url} {headers}"))
    response = validation.not_modified(request, timing, tuple(CODINGS))
    if response is None and offer.media_type == DICOM_XML and not answer.results:
        # A multipart body has one part at least (RFC 2046 5.1).
        response = Response(None, 204, validation.headers(validation.entity_tag))
    if response is None:
        response = await documents_answer(request, _once(answer.results), offer, base_url, validation, timing)
    response.headers.update(headers)
    return response


async def _once(results: list[bytes]) -> AsyncIterator[list[bytes]]:
    yield results


def _paging(request: Request, url: str, asked: SearchRequest, answer: SearchAnswer) -> dict[str, str]:
    """How many matches there are, and where the next ones are (RFC 8288)."""
    headers = {} if answer.total is None else {"x-total-count": str(answer.total)}
    if answer.more and answer.results:
        query = next_page(request.scope["query_string"], asked.query.offset + len(answer.results))
        headers["link"] = f'<{url}?{query}>; rel="next"'
    return headers


def _warnings(asked: SearchRequest, answer: SearchAnswer, base_url: str) -> list[str]:
    """What of the request was not honored (PS3.18 8.3.4.2, 8.3.4.4, 10.6.3.2)."""
    told = []
    if answer.more and asked.limited_by_server:
        told.append("There are additional results that can be requested.")
    if asked.unsupported_keys:
        told.append(f"These matching keys are not supported and were ignored: {' '.join(asked.unsupported_keys)}.")
    return [f'299 {base_url}: "{text}"' for text in told]
