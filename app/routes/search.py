"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import SeriesUID, Server, ServerParts, StudyUID, acceptable
from app.dicom.query_parameters import SearchRequest, parse_search
from app.protocol.negotiation import choose
from app.protocol.query_string import parse_query_string
from app.representations import DOCUMENT_OFFERS
from app.responses import json_array
from app.services.search import SearchAnswer, search
from storage.resource import Level, ResourceKey

router = APIRouter(tags=["QIDO-RS"])

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
    "responses": {200: {"description": "The matches, possibly none.", "content": {"application/dicom+json": {}}}},
}


@router.get("/studies", operation_id="SearchForStudies", summary="Search for studies", **_PARAMETERS)
async def search_for_studies(request: Request, server: ServerParts) -> Response:
    """Search the archive for studies."""
    return await _search(request, server, Level.STUDY, ResourceKey())


@router.get("/series", operation_id="SearchForSeries", summary="Search for series", **_PARAMETERS)
async def search_for_series(request: Request, server: ServerParts) -> Response:
    """Search the archive for series."""
    return await _search(request, server, Level.SERIES, ResourceKey())


@router.get("/instances", operation_id="SearchForInstances", summary="Search for instances", **_PARAMETERS)
async def search_for_instances(request: Request, server: ServerParts) -> Response:
    """Search the archive for instances."""
    return await _search(request, server, Level.INSTANCE, ResourceKey())


@router.get(
    "/studies/{study}/series", operation_id="SearchForStudySeries", summary="Search a study for series", **_PARAMETERS
)
async def search_for_study_series(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """Search a study for series."""
    return await _search(request, server, Level.SERIES, ResourceKey(study))


@router.get(
    "/studies/{study}/instances",
    operation_id="SearchForStudyInstances",
    summary="Search a study for instances",
    **_PARAMETERS,
)
async def search_for_study_instances(request: Request, server: ServerParts, study: StudyUID) -> Response:
    """Search a study for instances."""
    return await _search(request, server, Level.INSTANCE, ResourceKey(study))


@router.get(
    "/studies/{study}/series/{series}/instances",
    operation_id="SearchForSeriesInstances",
    summary="Search a series for instances",
    **_PARAMETERS,
)
async def search_for_series_instances(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID
) -> Response:
    """Search a series for instances."""
    return await _search(request, server, Level.INSTANCE, ResourceKey(study, series))


async def _search(request: Request, server: Server, level: Level, scope: ResourceKey) -> Response:
    offer = choose(acceptable(request), DOCUMENT_OFFERS)
    parameters = parse_query_string(request.scope["query_string"])
    asked = parse_search(level, scope, parameters, maximum_limit=server.limits.search_results)
    base_url = server.base_url.of(request)
    answer = await search(server.archive, asked)
    response = json_array(answer.results, base_url, str(offer.media_type))
    if warnings := _warnings(asked, answer, base_url):
        response.headers["Warning"] = ", ".join(warnings)
    return response


def _warnings(asked: SearchRequest, answer: SearchAnswer, base_url: str) -> list[str]:
    """What of the request was not honored (PS3.18 8.3.4.2, 8.3.4.4, 10.6.3.2)."""
    told = []
    if answer.cut_short:
        told.append("There are additional results that can be requested.")
    if asked.fuzzy_matching_ignored:
        told.append("The fuzzymatching parameter is not supported. Only literal matching has been performed.")
    if asked.unsupported_keys:
        told.append(f"These matching keys are not supported and were ignored: {' '.join(asked.unsupported_keys)}.")
    return [f'299 {base_url}: "{text}"' for text in told]
