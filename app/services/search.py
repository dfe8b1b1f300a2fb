"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from dataclasses import dataclass, replace

from app.dicom.query_parameters import SearchRequest
from app.dicom.search_results import ResultWriter
from app.services.archive import Archive
from storage.query import Query
from storage.resource import Level


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The matches as DICOM JSON objects, in the stable order of the level searched.

    ``cut_short`` tells that there are more than the server gives at once, and the client had asked for them.
    """

    results: list[bytes]
    cut_short: bool


async def search(archive: Archive, request: SearchRequest) -> SearchAnswer:
    """Find what matches; where the limit is the server's own, one match beyond it shows whether there are more."""
    if not request.limited_by_server:
        return SearchAnswer(await _results(archive, request, request.query), cut_short=False)
    limit = request.query.limit
    results = await _results(archive, request, replace(request.query, limit=limit + 1))
    return SearchAnswer(results[:limit], len(results) > limit)


async def _results(archive: Archive, request: SearchRequest, query: Query) -> list[bytes]:
    index = archive.index
    writer = ResultWriter(query.level, query.scope, request.include)
    match query.level:
        case Level.STUDY:
            return [writer.study(match) for match in await index.search_studies(query)]
        case Level.SERIES:
            return [writer.series(match) for match in await index.search_series(query)]
        case Level.INSTANCE:
            return [writer.instance(match) for match in await index.search_instances(query)]
