"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from app.dicom.query_parameters import SearchRequest
from app.dicom.search_results import ResultWriter
from app.services.archive import Archive
from storage.resource import Level


async def search(archive: Archive, request: SearchRequest) -> list[bytes]:
    """The matches as DICOM JSON objects, in the stable order of the level searched."""
    query, index = request.query, archive.index
    writer = ResultWriter(query.level, query.scope, request.include)
    match query.level:
        case Level.STUDY:
            return [writer.study(match) for match in await index.search_studies(query)]
        case Level.SERIES:
            return [writer.series(match) for match in await index.search_series(query)]
        case Level.INSTANCE:
            return [writer.instance(match) for match in await index.search_instances(query)]
