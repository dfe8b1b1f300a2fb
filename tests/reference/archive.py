"""Studies, series and instances in the order of storing, and which of them a search finds (PS3.18 10.6)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from tests.reference.data_sets import TIMEZONE, Keys, Path, matches, values_of
from tests.reference.moments import date_span
from tests.reference.values import Options

STUDY, SERIES, INSTANCE = "studies", "series", "instances"
LEVELS = STUDY, SERIES, INSTANCE
MODALITY = Tag("Modality")
UNIQUE_KEY = {STUDY: "StudyInstanceUID", SERIES: "SeriesInstanceUID", INSTANCE: "SOPInstanceUID"}

Parameters = Sequence[tuple[str, str]]
"""Names and values of a query, decoded."""

OTHER_PARAMETERS = frozenset(
    {"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "accept"}
)
"""PS3.18 8.3.4: names that are no attributes."""


def _tags(keywords: str) -> frozenset[BaseTag]:
    return frozenset(Tag(keyword) for keyword in keywords.split())


_LEVEL_OF = {
    # PS3.3 C.7.1.1 Patient, C.7.2.1 General Study, C.7.2.2 Patient Study; ModalitiesInStudy and so on: PS3.4 C.3.4.
    STUDY: _tags(
        """PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex OtherPatientIDs OtherPatientNames
        OtherPatientIDsSequence PatientComments EthnicGroup StudyInstanceUID StudyDate StudyTime AccessionNumber
        ReferringPhysicianName StudyDescription StudyID PhysiciansOfRecord NameOfPhysiciansReadingStudy
        ProcedureCodeSequence PatientAge PatientSize PatientWeight MedicalAlerts ModalitiesInStudy SOPClassesInStudy"""
    ),
    # PS3.3 C.7.3.1 General Series, C.7.4.1 Frame of Reference, C.7.5.1 General Equipment.
    SERIES: _tags(
        """Modality SeriesInstanceUID SeriesNumber SeriesDescription SeriesDate SeriesTime BodyPartExamined Laterality
        ProtocolName OperatorsName PerformedProcedureStepStartDate PerformedProcedureStepStartTime
        PerformedProcedureStepID RequestAttributesSequence FrameOfReferenceUID Manufacturer InstitutionName
        StationName ManufacturerModelName DeviceSerialNumber SoftwareVersions"""
    ),
}


def level_of(path: Path) -> str:
    """The level of the information model that an attribute belongs to."""
    return next((level for level, tags in _LEVEL_OF.items() if path[0] in tags), INSTANCE)


@dataclass(frozen=True, slots=True)
class Entity:
    """A study, series or instance: the data set that its attributes are taken from, and what it holds.

    That is the first instance stored of it, with what PS3.4 C.3.4 derives from all of them.
    """

    level: str
    data_set: Dataset
    children: tuple["Entity", ...] = ()

    @property
    def uid(self) -> str:
        """What names it."""
        return str(self.data_set[UNIQUE_KEY[self.level]].value)

    def within(self) -> Iterator["Entity"]:
        """All that it holds, in stored order of each level."""
        for child in self.children:
            yield child
            yield from child.within()


def studies_of(instances: Iterable[Dataset]) -> list[Entity]:
    """The studies that data sets make, in the order of storing."""
    return [_study(together) for together in _grouped(instances, "StudyInstanceUID")]


def _study(instances: list[Dataset]) -> Entity:
    series = [
        Entity(SERIES, together[0], tuple(Entity(INSTANCE, each) for each in together))
        for together in _grouped(instances, "SeriesInstanceUID")
    ]
    attributes = Dataset()
    attributes.update(instances[0])
    attributes.ModalitiesInStudy = sorted({value for each in series for value in values_of(each.data_set, MODALITY)})
    attributes.SOPClassesInStudy = sorted({each.SOPClassUID for each in instances})
    return Entity(STUDY, attributes, tuple(series))


def _grouped(instances: Iterable[Dataset], keyword: str) -> list[list[Dataset]]:
    groups: dict[str, list[Dataset]] = {}
    for instance in instances:
        groups.setdefault(str(instance[keyword].value), []).append(instance)
    return list(groups.values())


def found_uids(
    studies: Sequence[Entity], level: str, parameters: Parameters, study: str = "", series: str = ""
) -> list[str]:
    """The UIDs of what a search finds, in the order in which it is documented to come.

    ``studies`` are in the order of storing; ``study`` and ``series`` are the UIDs in the path of the URL.
    """
    keys, options = read_parameters(parameters)
    found = []
    for chain in _chains(studies, level):
        named = dict(zip(LEVELS, (study, series), strict=False))
        in_scope = all(not named.get(each.level) or each.uid == named[each.level] for each in chain)
        if in_scope and _chain_matches(chain, keys, options):
            found.append(chain[-1])
    if level == STUDY:
        found.reverse()
        found.sort(key=_study_day, reverse=True)
    return [entity.uid for entity in found]


def _study_day(study: Entity) -> str:
    """For newest first; studies without a date come last."""
    days = values_of(study.data_set, Tag("StudyDate"))
    return date_span(days[0]).first.isoformat() if days else ""


def _chains(studies: Iterable[Entity], level: str) -> Iterator[list[Entity]]:
    """Each entity of a level, after those it lies in.

    Stored order of series and instances is that of their first instance in the whole archive; the tests' archives store
    one study after the other, so that it is the order of the tree.
    """
    for study in studies:
        if level == STUDY:
            yield [study]
        for series in study.children:
            if level == SERIES:
                yield [study, series]
            for instance in series.children:
                if level == INSTANCE:
                    yield [study, series, instance]


def read_parameters(parameters: Parameters) -> tuple[Keys, Options]:
    """The matching keys (PS3.18 8.3.4.1), and what else changes the matching."""
    keys: Keys = {}
    named = dict(parameters)
    for name, value in parameters:
        if name not in OTHER_PARAMETERS:
            path = tuple(Tag(tag_for_keyword(part) or int(part, 16)) for part in name.split("."))
            keys.setdefault(path, []).append(value)
    # PS3.4 C.2.2.2, C.2.2.2.5: character set and time zone of the request tell how to read its keys.
    keys.pop((Tag("SpecificCharacterSet"),), None)
    zone = keys.pop((TIMEZONE,), [None])[0]
    return keys, Options(
        offset=zone,
        fuzzy_matching=named.get("fuzzymatching") == "true",
        empty_value_matching=named.get("emptyvaluematching") == "true",
        multiple_value_matching=named.get("multiplevaluematching") == "true",
    )


def _chain_matches(chain: Sequence[Entity], keys: Keys, options: Options) -> bool:
    """PS3.4 C.4.1.3.2.2 (relational queries): each level above matches its keys, and something within those below."""
    by_level = {level: {path: keys[path] for path in keys if level_of(path) == level} for level in LEVELS}
    above = all(matches(entity.data_set, by_level[entity.level], options) for entity in chain)
    return above and _holds_a_match(chain[-1], by_level, options)


def _holds_a_match(entity: Entity, by_level: dict[str, Keys], options: Options) -> bool:
    """Whether one series, and one instance of that series, matches all keys of its level."""
    below = LEVELS[LEVELS.index(entity.level) + 1 :]
    if not any(by_level[level] for level in below):
        return True
    return any(
        matches(child.data_set, by_level[child.level], options) and _holds_a_match(child, by_level, options)
        for child in entity.children
    )
