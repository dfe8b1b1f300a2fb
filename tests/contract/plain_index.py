"""The index as plain Python over a list of records: slow, obvious, written from the words of ``storage.query``.

What a back end finds is compared with what this finds.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from storage.attributes import INDEXED_ATTRIBUTES
from storage.query import Between, Equals, Query, Term, Wildcard
from storage.records import InstanceMatch, InstanceRecord, SeriesMatch, StudyMatch
from storage.resource import Level

_Found = TypeVar("_Found")
Records = list[InstanceRecord]


def matches_value(match: Equals | Wildcard | Between, value: str) -> bool:
    match match:
        case Equals(values):
            return value in values
        case Wildcard(patterns):
            return any(matches_wildcards(pattern, value) for pattern in patterns)
        case Between(low, high):
            return (low is None or value >= low) and (high is None or value <= high or value.startswith(high))


def matches_wildcards(pattern: str, value: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "*":
        return any(matches_wildcards(pattern[1:], value[start:]) for start in range(len(value) + 1))
    return bool(value) and pattern[0] in {"?", value[0]} and matches_wildcards(pattern[1:], value[1:])


class PlainIndex:
    """Records in stored order, all of different instances."""

    def __init__(self, records: Iterable[InstanceRecord]) -> None:
        self.records = list(records)

    def search(self, query: Query) -> list[StudyMatch] | list[SeriesMatch] | list[InstanceMatch]:
        match query.level:
            case Level.STUDY:
                return self._search_studies(query)
            case Level.SERIES:
                return self._search_series(query)
            case Level.INSTANCE:
                return self._search_instances(query)

    def _search_studies(self, query: Query) -> list[StudyMatch]:
        studies = [self._of(Level.STUDY, first) for first in self._firsts(Level.STUDY)]
        found = [records for records in studies if self._is_found(query, records[0])]
        found.reverse()
        found.sort(key=lambda records: records[0].index_values.get("StudyDate", ("",)), reverse=True)
        return [self._study(records[0]) for records in _cut(query, found)]

    def _search_series(self, query: Query) -> list[SeriesMatch]:
        found = [first for first in self._firsts(Level.SERIES) if self._is_found(query, first)]
        return [self._series(first) for first in _cut(query, found)]

    def _search_instances(self, query: Query) -> list[InstanceMatch]:
        found = [record for record in self.records if self._is_found(query, record)]
        return [
            InstanceMatch(
                record.instance_attributes, self._series(record), record.metadata if query.whole_metadata else None
            )
            for record in _cut(query, found)
        ]

    def _is_found(self, query: Query, record: InstanceRecord) -> bool:
        return _is_in_scope(query, record) and all(self._holds(term, record) for term in query.terms)

    def _holds(self, term: Term, record: InstanceRecord) -> bool:
        if isinstance(term.match, Wildcard) and any(set(pattern) == {"*"} for pattern in term.match.patterns):
            return True
        if term.keyword == "ModalitiesInStudy":
            values = self._modalities(record)
        else:
            first = self._of(INDEXED_ATTRIBUTES[term.keyword].level, record)[0]
            values = first.index_values.get(term.keyword, ())
        return any(value != "" and matches_value(term.match, value) for value in values)

    def _study(self, record: InstanceRecord) -> StudyMatch:
        records = self._of(Level.STUDY, record)
        series = {each.key.series_instance_uid for each in records}
        return StudyMatch(records[0].study_attributes, self._modalities(record), len(series), len(records))

    def _series(self, record: InstanceRecord) -> SeriesMatch:
        records = self._of(Level.SERIES, record)
        return SeriesMatch(records[0].series_attributes, self._study(record), len(records))

    def _modalities(self, record: InstanceRecord) -> tuple[str, ...]:
        firsts = {each.key.series_instance_uid: each for each in reversed(self._of(Level.STUDY, record))}
        return tuple(sorted({value for first in firsts.values() for value in first.index_values.get("Modality", ())}))

    def _firsts(self, level: Level) -> Records:
        """The first record of each study or series."""
        return [record for record in self.records if self._of(level, record)[0] is record]

    def _of(self, level: Level, record: InstanceRecord) -> Records:
        """The records of the study or series that the record belongs to; itself at instance level."""
        uids = _UIDS[level]
        return [each for each in self.records if uids(each) == uids(record)]


_UIDS: dict[Level, Callable[[InstanceRecord], tuple[str | None, ...]]] = {
    Level.STUDY: lambda record: (record.key.study_instance_uid,),
    Level.SERIES: lambda record: (record.key.study_instance_uid, record.key.series_instance_uid),
    Level.INSTANCE: lambda record: (record.key.sop_instance_uid,),
}


def _is_in_scope(query: Query, record: InstanceRecord) -> bool:
    scope, resource = query.scope, record.key
    return (
        scope.study_instance_uid in {None, resource.study_instance_uid}
        and scope.series_instance_uid in {None, resource.series_instance_uid}
        and scope.sop_instance_uid in {None, resource.sop_instance_uid}
    )


def _cut(query: Query, found: list[_Found]) -> list[_Found]:
    return found[query.offset : query.offset + query.limit]
