"""Search results: what the index found, as DICOM JSON objects (PS3.18 10.6.3.3, F.2).

An object holds the attributes that its level returns always, those of the levels above that its URL does not name, and
those that the client asked for, in the order of their tags; and nothing of a lower level, as clients tell
the level of a result by the UIDs in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NotRequired, TypedDict

import orjson

from app.dicom.attribute_path import AttributePath, creator_tag, is_creator, vr_of
from app.dicom.document_matching import reserved_blocks
from app.dicom.return_attributes import RETURNED_ALWAYS, RETURNED_IF_KNOWN, IncludedAttributes
from app.dicom.value_conditions import Condition
from storage.records import BASE_URL_MARK, InstanceMatch, SeriesMatch, StudyMatch
from storage.resource import Level, ResourceKey


class Element(TypedDict):
    """An element of a DICOM JSON object (PS3.18 F.2.2), as far as it is looked into here."""

    vr: str
    Value: NotRequired[Sequence[object]]


Row = dict[str, Element]
"""A DICOM JSON object: elements by tag."""

Tree = Mapping[str, "Tree"]
"""Attributes to select, by tag in ascending order; below a sequence those of its items, where empty stands for all."""

SELECTIONS_KEPT = 128
"""Selections of attributes that are remembered: a client asks for the same with each of its searches."""

_STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID, _SOP_INSTANCE_UID = "0020000D", "0020000E", "00080018"
_ONLINE: Element = {"vr": "CS", "Value": ["ONLINE"]}

_EMPTY_ELEMENTS: dict[Level, Row] = {
    level: {path[0]: {"vr": vr_of(path[0]) or "UN"} for path in RETURNED_ALWAYS[level]} for level in Level
}


class ResultWriter:
    """Writes the results of one search. URLs in them begin with BASE_URL_MARK; the route makes them absolute.

    Results that share a study or a series share the work on it when they follow one another.
    """

    def __init__(self, level: Level, scope: ResourceKey, include: IncludedAttributes) -> None:
        """Prepare for results of ``level`` found below ``scope``."""
        self._everything = include.everything
        in_any_study, in_any_series = scope.study_instance_uid is None, scope.series_instance_uid is None
        self._paths = _returned(level, in_any_study=in_any_study, in_any_series=in_any_series) | include.paths
        self._creators = include.creators
        self._tree = _remembered_tree(self._paths)
        self._study: tuple[StudyMatch | None, Row] = None, {}
        self._series: tuple[SeriesMatch | None, Row] = None, {}

    def study(self, match: StudyMatch) -> bytes:
        """A result of SearchForStudies."""
        row = _study_row(match)
        return self._written(row, own=row)

    def series(self, match: SeriesMatch) -> bytes:
        """A result of SearchForSeries."""
        study = self._study_row(match.study)
        own = _series_row(match, study)
        return self._written(study | own, own)

    def instance(self, match: InstanceMatch) -> bytes:
        """A result of SearchForInstances."""
        parents = self._parent_rows(match.series)
        own = _instance_row(match, parents)
        return self._written(parents | own, own)

    def _study_row(self, match: StudyMatch) -> Row:
        if self._study[0] != match:
            self._study = match, _study_row(match)
        return self._study[1]

    def _parent_rows(self, match: SeriesMatch) -> Row:
        if self._series[0] != match:
            study = self._study_row(match.study)
            self._series = match, study | _series_row(match, study)
        return self._series[1]

    def _written(self, row: Row, own: Row) -> bytes:
        """The bytes of a result: what is selected of the row, and all of its own level's where that is asked."""
        tree = _tree(_located(self._paths, row, self._creators)) if self._creators else self._tree
        selected = _select(row, tree)
        if self._everything:
            selected = dict(sorted((selected | own).items()))
        return orjson.dumps(selected).replace(b'"BulkDataURI":"/', b'"BulkDataURI":' + BASE_URL_MARK)


def _located(
    paths: Iterable[AttributePath], row: Mapping[str, object], creators: Mapping[str, Condition]
) -> Iterator[AttributePath]:
    """The paths as they are in this data set, where private creators may have reserved other blocks (PS3.5 7.8.1)."""
    for tag, *inner in paths:
        creator = tag if is_creator(tag) else creator_tag(tag)
        if creator is None or creator not in creators:
            yield tag, *inner
            continue
        for block in reserved_blocks(row, creator, creators[creator]):
            yield (f"{block[:4]}00{block[4:]}",)
            if creator != tag:
                yield block + tag[6:], *inner


@cache
def _returned(level: Level, *, in_any_study: bool, in_any_series: bool) -> frozenset[AttributePath]:
    """What results of this level carry unasked: also what belongs to parents that the URL does not name."""
    levels, uids = {level}, {_STUDY_INSTANCE_UID}
    if level is not Level.STUDY and in_any_study:
        levels.add(Level.STUDY)
    if level is Level.INSTANCE:
        uids.add(_SERIES_INSTANCE_UID)
        if in_any_series:
            levels.add(Level.SERIES)
    returned = (RETURNED_ALWAYS[each] | RETURNED_IF_KNOWN[each] for each in levels)
    return frozenset((uid,) for uid in uids).union(*returned)


def _study_row(match: StudyMatch) -> Row:
    row: Row = _EMPTY_ELEMENTS[Level.STUDY] | orjson.loads(match.attributes)
    row |= {
        "00080056": _ONLINE,
        "00080061": {"vr": "CS", "Value": match.modalities} if match.modalities else {"vr": "CS"},
        "00081190": _retrieve_url(ResourceKey(_uid(row, _STUDY_INSTANCE_UID))),
        "00201206": _number(match.number_of_series),
        "00201208": _number(match.number_of_instances),
    }
    if match.sop_classes is not None:
        row["00080062"] = {"vr": "UI", "Value": match.sop_classes}
    if match.patient is not None:
        row["00201200"] = _number(match.patient.number_of_studies)
        row["00201202"] = _number(match.patient.number_of_series)
        row["00201204"] = _number(match.patient.number_of_instances)
    return row


def _series_row(match: SeriesMatch, study: Row) -> Row:
    row: Row = _EMPTY_ELEMENTS[Level.SERIES] | orjson.loads(match.attributes)
    key = ResourceKey(_uid(study, _STUDY_INSTANCE_UID), _uid(row, _SERIES_INSTANCE_UID))
    return row | {
        "00080056": _ONLINE,
        "00081190": _retrieve_url(key),
        "00201209": _number(match.number_of_instances),
    }


def _instance_row(match: InstanceMatch, parents: Row) -> Row:
    row: Row = orjson.loads(match.attributes if match.metadata is None else match.metadata)
    uids = _uid(parents, _STUDY_INSTANCE_UID), _uid(parents, _SERIES_INSTANCE_UID), _uid(row, _SOP_INSTANCE_UID)
    return row | {"00080056": _ONLINE, "00081190": _retrieve_url(ResourceKey(*uids))}


def _number(count: int) -> Element:
    return {"vr": "IS", "Value": [count]}


def _retrieve_url(key: ResourceKey) -> Element:
    path = BASE_URL_MARK + key.path.removeprefix("/").encode("ascii")
    return {"vr": "UR", "Value": [orjson.Fragment(path + b'"')]}


def _uid(row: Row, tag: str) -> str:
    """A UID without its padding, which other VRs than UI keep: the UID of an instance may be written in any."""
    return str(row[tag]["Value"][0]).strip(" \0")


def _tree(paths: Iterable[AttributePath]) -> Tree:
    """Paths as a tree; a path that ends at a sequence takes in whatever is named inside it."""
    below: dict[str, list[AttributePath]] = {}
    for tag, *inner in paths:
        below.setdefault(tag, []).append(tuple(inner))
    return {tag: _tree(inner) if all(inner) else {} for tag, inner in sorted(below.items())}


_remembered_tree = lru_cache(SELECTIONS_KEPT)(_tree)


def _select(row: Row, tree: Tree) -> Row:
    return {tag: _part(row[tag], inner) if inner else row[tag] for tag, inner in tree.items() if tag in row}


def _part(element: Element, inner: Tree) -> Element:
    """A sequence with only the selected attributes in its items; what is no sequence as it is."""
    if element["vr"] != "SQ":
        return element
    return {"vr": "SQ", "Value": [_select(item, inner) for item in element.get("Value", ()) if isinstance(item, dict)]}
