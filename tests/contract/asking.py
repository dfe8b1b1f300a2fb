"""Questions to an index, as the contract asks them."""

from collections.abc import Sequence

from storage.index.protocol import Index
from storage.query import AnyTerm, Query
from storage.records import DuplicatePolicy, InstanceMatch, InstanceRecord, Outcome, SeriesMatch, StudyMatch
from storage.resource import Level, ResourceKey

EVERYTHING = ResourceKey()


def query(level: Level, *terms: AnyTerm, scope: ResourceKey = EVERYTHING, limit: int = 1000, offset: int = 0) -> Query:
    return Query(level, scope, terms, limit, offset)


async def search(index: Index, asked: Query) -> list[StudyMatch] | list[SeriesMatch] | list[InstanceMatch]:
    match asked.level:
        case Level.STUDY:
            return await index.search_studies(asked)
        case Level.SERIES:
            return await index.search_series(asked)
        case Level.INSTANCE:
            return await index.search_instances(asked)


async def found_studies(index: Index, *terms: AnyTerm) -> set[str]:
    """The studies found, by the last numbers of their UIDs."""
    matches = await index.search_studies(query(Level.STUDY, *terms))
    return {match.attributes.decode().split("/")[2].removeprefix("1.2.") for match in matches}


async def metadata(index: Index, resource: ResourceKey) -> list[bytes]:
    return [document async for batch in index.metadata(resource) for document in batch]


async def outcomes(
    index: Index, records: Sequence[InstanceRecord], duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
) -> list[Outcome]:
    """What becomes of records that are added."""
    return [addition.outcome for addition in await index.add(records, duplicates)]


async def counts(index: Index) -> tuple[dict[str, int], list[int]]:
    """Instances of each study, by the last numbers of its UID; instances of each series, in stored order."""
    studies = await index.search_studies(query(Level.STUDY))
    series = await index.search_series(query(Level.SERIES))
    return (
        {each.attributes.decode().split("/")[2].removeprefix("1.2."): each.number_of_instances for each in studies},
        [each.number_of_instances for each in series],
    )


async def unneeded_blobs(index: Index) -> set[str]:
    """All of them, however short a time they have been unneeded."""
    return set(await index.unneeded_blobs(0, 1_000_000))
