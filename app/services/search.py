"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from dataclasses import dataclass, replace

from app.dicom.query_parameters import SearchRequest
from app.dicom.search_results import ResultWriter
from app.services.archive import Archive
from storage.query import Query
from storage.resource import Level

COUNTED_UNASKED = 1000
"""Matches up to which the index counts them without being asked to."""

COUNTED_ASKED = 1 << 62
"""As many as there are."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The matches as DICOM JSON objects, in the stable order of the level searched.

    ``more`` tells that there are further matches behind these. ``total`` is the number of all matches, whatever limit
    and offset; None where it is not known.
    """

    results: list[bytes]
    more: bool
    total: int | None


async def search(archive: Archive, request: SearchRequest, *, count: bool) -> SearchAnswer:
    """Find what matches; one match beyond the limit shows whether more follow.

    ``count`` asks for the total whatever it costs.
    """
    query = request.query
    found = await _results(archive, request, replace(query, limit=query.limit + 1)) if query.limit else []
    results = found[: query.limit]
    more = len(found) > len(results)
    if not more and (results or (query.limit and not query.offset)):
        return SearchAnswer(results, more, query.offset + len(results))
    most = COUNTED_ASKED if count else COUNTED_UNASKED
    total = await archive.index.count(query, most)
    return SearchAnswer(results, more, total if total < most else None)


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
