"""The index as plain Python over a list of records: slow, obvious, written from the words of the Index protocol.

What a back end finds is compared with what this finds.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from storage.attributes import INDEXED_ATTRIBUTES
from storage.query import AnyOf, AnyTerm, Between, DocumentTerm, Empty, Equals, Match, MomentTerm, Query, Wildcard
from storage.records import (
    Addition,
    DuplicatePolicy,
    InstanceMatch,
    InstanceRecord,
    Outcome,
    PatientCounts,
    SeriesMatch,
    StudyMatch,
)
from storage.resource import Level, ResourceKey

_Found = TypeVar("_Found")
Records = list[InstanceRecord]
_Uids = tuple[str | None, ...]


def matches_values(match: Match, values: tuple[str, ...]) -> bool:
    """Whether the values of an attribute match; those of a person name are its groups."""
    given = [value for value in values if value]
    match match:
        case Empty():
            return not given
        case AnyOf(matches):
            return any(matches_values(each, values) for each in matches)
        case Wildcard(patterns) if any(set(pattern) == {"*"} for pattern in patterns):
            return True
        case Equals() | Wildcard() | Between():
            return any(matches_value(match, value) for value in given)
        case _:
            raise NotImplementedError("similar names are told by hand, not computed")


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


def level_of(term: AnyTerm) -> Level:
    match term:
        case DocumentTerm(level):
            return level
        case MomentTerm(date_keyword):
            return INDEXED_ATTRIBUTES[date_keyword].level
        case _:
            attribute = INDEXED_ATTRIBUTES.get(term.keyword)
            return attribute.level if attribute else DERIVED_LEVELS[term.keyword]


DERIVED_LEVELS = {
    "ModalitiesInStudy": Level.STUDY,
    "SOPClassesInStudy": Level.STUDY,
    "NumberOfStudyRelatedSeries": Level.STUDY,
    "NumberOfStudyRelatedInstances": Level.STUDY,
    "NumberOfSeriesRelatedInstances": Level.SERIES,
}


class PlainIndex:
    """Records in stored order, all of different instances, and the ones that studies and series were made from."""

    def __init__(self, records: Iterable[InstanceRecord] = ()) -> None:
        self.records: Records = []
        self.unneeded_blobs: set[str] = set()
        self._firsts: dict[Level, dict[_Uids, InstanceRecord]] = {Level.STUDY: {}, Level.SERIES: {}}
        self.add(records)

    def add(
        self, records: Iterable[InstanceRecord], duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    ) -> list[Addition]:
        """Records that are equal in all, blob key included, must not be offered twice."""
        offered, kept = list(records), list(self.records)
        outcomes = []
        for record in offered:
            found = next((each for each in kept if _is_same_instance(each, record)), None)
            if found is None:
                outcomes.append(Outcome.ADDED)
            elif found.key == record.key and _digests(found) & _digests(record):
                outcomes.append(Outcome.IDENTICAL)
                continue
            elif duplicates is DuplicatePolicy.REPLACE:
                outcomes.append(Outcome.REPLACED)
                kept.remove(found)
            else:
                outcomes.append(Outcome.KEPT if duplicates is DuplicatePolicy.KEEP else Outcome.CONFLICT)
                continue
            kept.append(record)
        new = [each for each in kept if each not in self.records]
        self._retain([each for each in self.records if each in kept])
        for record in new:
            self.records.append(record)
            for level, firsts in self._firsts.items():
                firsts.setdefault(_UIDS[level](record), record)
        return [self._addition(outcome, record) for outcome, record in zip(outcomes, offered, strict=True)]

    def delete(self, key: ResourceKey) -> int:
        left = [each for each in self.records if not _is_below(key, each)]
        deleted = len(self.records) - len(left)
        self._retain(left)
        return deleted

    def _addition(self, outcome: Outcome, record: InstanceRecord) -> Addition:
        [stored] = [each for each in self.records if _is_same_instance(each, record)]
        named = {each.blob_key for each in self.records}
        return Addition(outcome, stored.key, None if record.blob_key in named else record.blob_key)

    def _retain(self, records: Records) -> None:
        self.unneeded_blobs |= {each.blob_key for each in self.records if each not in records}
        self.records = records
        for level, firsts in self._firsts.items():
            there = {_UIDS[level](record) for record in records}
            self._firsts[level] = {uids: first for uids, first in firsts.items() if uids in there}

    def search(self, query: Query) -> list[StudyMatch] | list[SeriesMatch] | list[InstanceMatch]:
        match query.level:
            case Level.STUDY:
                return self._search_studies(query)
            case Level.SERIES:
                return self._search_series(query)
            case Level.INSTANCE:
                return self._search_instances(query)

    def _search_studies(self, query: Query) -> list[StudyMatch]:
        found = [first for first in self._firsts[Level.STUDY].values() if self._is_found(query, first)]
        found.reverse()
        found.sort(key=lambda first: first.index_values.get("StudyDate", ("",)), reverse=True)
        return [self._study(first, query) for first in _cut(query, found)]

    def _search_series(self, query: Query) -> list[SeriesMatch]:
        found = [first for first in self._firsts[Level.SERIES].values() if self._is_found(query, first)]
        return [self._series(first, query) for first in _cut(query, found)]

    def _search_instances(self, query: Query) -> list[InstanceMatch]:
        found = [record for record in self.records if self._is_found(query, record)]
        return [
            InstanceMatch(
                record.instance_attributes,
                self._series(record, query),
                record.metadata if query.whole_metadata else None,
                record.transfer_syntax_uid,
            )
            for record in _cut(query, found)
        ]

    def _is_found(self, query: Query, record: InstanceRecord) -> bool:
        if not _is_below(query.scope, record):
            return False
        below = [record] if query.level is Level.INSTANCE else self._of(query.level, record)
        return any(all(self._holds(term, each) for term in query.terms) for each in below)

    def _holds(self, term: AnyTerm, record: InstanceRecord) -> bool:
        first = self._first(level_of(term), record)
        match term:
            case DocumentTerm(level, tag, matches, absent_matches):
                document = {
                    Level.STUDY: first.study_attributes,
                    Level.SERIES: first.series_attributes,
                    Level.INSTANCE: first.metadata,
                }[level]
                return (absent_matches or f'"{tag}"'.encode() in document) and matches(document)
            case MomentTerm(date_keyword, time_keyword, low, high):
                [date], [time] = (first.index_values.get(keyword, ("",)) for keyword in (date_keyword, time_keyword))
                is_before = high is None or (date, time) <= high or (date == high[0] and time.startswith(high[1]))
                return date != "" and (low is None or (date, time) >= low) and is_before
            case _:
                return matches_values(term.match, self._values(term.keyword, record))

    def _values(self, keyword: str, record: InstanceRecord) -> tuple[str, ...]:
        if keyword == "SOPClassUID":
            return (record.sop_class_uid,)
        if keyword in INDEXED_ATTRIBUTES:
            return self._first(INDEXED_ATTRIBUTES[keyword].level, record).index_values.get(keyword, ())
        series = self._series(record)
        derived = {
            "ModalitiesInStudy": series.study.modalities,
            "SOPClassesInStudy": self._sop_classes(record),
            "NumberOfStudyRelatedSeries": (str(series.study.number_of_series),),
            "NumberOfStudyRelatedInstances": (str(series.study.number_of_instances),),
            "NumberOfSeriesRelatedInstances": (str(series.number_of_instances),),
        }
        return derived[keyword]

    def _study(self, record: InstanceRecord, query: Query | None = None) -> StudyMatch:
        records = self._of(Level.STUDY, record)
        series = {each.key.series_instance_uid for each in records}
        return StudyMatch(
            self._first(Level.STUDY, record).study_attributes,
            self._modalities(record),
            len(series),
            len(records),
            self._sop_classes(record) if query and query.sop_classes else None,
            self._patient(record) if query and query.patient_counts else None,
        )

    def _series(self, record: InstanceRecord, query: Query | None = None) -> SeriesMatch:
        records = self._of(Level.SERIES, record)
        attributes = self._first(Level.SERIES, record).series_attributes
        return SeriesMatch(attributes, self._study(record, query), len(records))

    def _sop_classes(self, record: InstanceRecord) -> tuple[str, ...]:
        return tuple(sorted({each.sop_class_uid for each in self._of(Level.STUDY, record)}))

    def _patient(self, record: InstanceRecord) -> PatientCounts | None:
        def identity(each: InstanceRecord) -> list[tuple[str, ...]]:
            values = self._first(Level.STUDY, each).index_values
            return [values.get(keyword, ("",)) for keyword in ("PatientID", "IssuerOfPatientID")]

        if identity(record)[0] == ("",):
            return None
        records = [each for each in self.records if identity(each) == identity(record)]
        return PatientCounts(
            len({_UIDS[Level.STUDY](each) for each in records}),
            len({_UIDS[Level.SERIES](each) for each in records}),
            len(records),
        )

    def _modalities(self, record: InstanceRecord) -> tuple[str, ...]:
        series = [first for first in self._firsts[Level.SERIES].values() if _study_uid(first) == _study_uid(record)]
        return tuple(sorted({value for first in series for value in first.index_values.get("Modality", ())}))

    def _first(self, level: Level, record: InstanceRecord) -> InstanceRecord:
        """The record that the record's study or series was made from; itself at instance level."""
        return self._firsts[level][_UIDS[level](record)] if level in self._firsts else record

    def _of(self, level: Level, record: InstanceRecord) -> Records:
        """The records of the study or series that the record belongs to."""
        uids = _UIDS[level]
        return [each for each in self.records if uids(each) == uids(record)]


_UIDS: dict[Level, Callable[[InstanceRecord], _Uids]] = {
    Level.STUDY: lambda record: (record.key.study_instance_uid,),
    Level.SERIES: lambda record: (record.key.study_instance_uid, record.key.series_instance_uid),
}


def _study_uid(record: InstanceRecord) -> str | None:
    return record.key.study_instance_uid


def _digests(record: InstanceRecord) -> set[bytes | None]:
    return {record.sha256, record.received_sha256} - {None}


def _is_same_instance(one: InstanceRecord, other: InstanceRecord) -> bool:
    return one.key.sop_instance_uid == other.key.sop_instance_uid


def _is_below(scope: ResourceKey, record: InstanceRecord) -> bool:
    resource = record.key
    return (
        scope.study_instance_uid in {None, resource.study_instance_uid}
        and scope.series_instance_uid in {None, resource.series_instance_uid}
        and scope.sop_instance_uid in {None, resource.sop_instance_uid}
    )


def _cut(query: Query, found: list[_Found]) -> list[_Found]:
    return found[query.offset : query.offset + query.limit]
