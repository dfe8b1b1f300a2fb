"""Matching keys as the terms of a Query: on columns of the index where there are any, else on stored documents.

Some keys have a column that cannot tell all they ask for: several keys in one sequence, which must hold in the same
item (PS3.4 C.2.2.2.6), and names asked for by component group. Their terms on columns narrow down what is looked at,
and those on documents decide.
"""

from app.dicom.attribute_path import AttributePath, keywords_of, vr_of
from app.dicom.document_matching import judge
from app.dicom.levels import level_of
from app.dicom.matching import NOTHING, MatchingRules, is_empty_value
from app.dicom.query_keys import Key, Keys, matches_of, moment_ends, moment_pairs, naming, parts_of
from storage.attributes import DERIVED_ATTRIBUTES, INDEXED_ATTRIBUTES
from storage.query import AnyTerm, DocumentTerm, MomentTerm, Term

_MADE_UP = frozenset(
    {"RetrieveURL", "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"}
)
"""What no data set has, and the index does not search."""

_NOT_TEXT = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})
"""The VRs of which no values are matched, only whether there are any."""


def is_supported(path: AttributePath, key: Key, rules: MatchingRules) -> bool:
    """Whether the attribute can be matched at all. Raises ValueError for a path through what is no sequence."""
    with naming(key):
        for tag in path[:-1]:
            if vr_of(tag) not in {"SQ", None}:
                raise ValueError(f"{keywords_of((tag,))} is no sequence")
    if vr_of(path[-1]) in _NOT_TEXT:
        return all(is_empty_value(value.strip(), rules) for value in key.values)
    return keywords_of(path) not in _MADE_UP


def terms_of(keys: Keys, rules: MatchingRules) -> list[AnyTerm]:
    """The terms of keys that are supported. Raises ValueError that names a key."""
    terms: list[AnyTerm] = []
    wanted = dict(keys)
    for date, time in moment_pairs(wanted):
        if _has_column(date) and _has_column(time):
            low, high = moment_ends(wanted.pop(date), wanted.pop(time))
            terms.append(MomentTerm(keywords_of(date), keywords_of(time), low, high))
    documents: dict[AttributePath, Key] = {}
    for path, key in wanted.items():
        keyword = keywords_of(path)
        if keyword == "InstanceAvailability":
            terms += _availability(path, key, rules)
            continue
        if keyword in DERIVED_ATTRIBUTES or (_has_column(path) and not _asks_for_absence(path, key, rules)):
            terms += [Term(keyword, match) for match in matches_of(path[-1], key, rules)]
        if keyword not in DERIVED_ATTRIBUTES and not _is_told_by_column(path, wanted, rules):
            documents[path] = key
    return terms + _document_terms(documents, rules)


def _document_terms(keys: Keys, rules: MatchingRules) -> list[DocumentTerm]:
    return [
        DocumentTerm(level_of(part.tag), part.tag, judge(part), absent_matches=part.may_hold_without_tag)
        for part in parts_of(keys, rules)
    ]


def _availability(path: AttributePath, key: Key, rules: MatchingRules) -> list[Term]:
    """All that is stored is ONLINE: the key asks for everything or for nothing."""
    online = {path[0]: {"vr": "CS", "Value": ["ONLINE"]}}
    is_asked_for = all(part.holds(online, None) for part in parts_of({path: key}, rules))
    return [] if is_asked_for else [Term("StudyInstanceUID", NOTHING)]


def _has_column(path: AttributePath) -> bool:
    return keywords_of(path) in INDEXED_ATTRIBUTES


def _asks_for_absence(path: AttributePath, key: Key, rules: MatchingRules) -> bool:
    """Whether absent values in items are asked for, of which a column of the values that are there tells nothing."""
    return len(path) > 1 and key.asks_for_empty(rules)


def _is_told_by_column(path: AttributePath, keys: Keys, rules: MatchingRules) -> bool:
    """Whether a term on the column of the attribute decides."""
    if not _has_column(path) or _asks_for_absence(path, keys[path], rules):
        return False
    if len(path) > 1:
        return not any(other[0] == path[0] for other in keys if other != path)
    if vr_of(path[0]) == "PN":
        return not any("=" in value for value in keys[path].values)
    return not any(path in pair for pair in moment_pairs(keys))
