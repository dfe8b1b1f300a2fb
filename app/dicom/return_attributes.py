"""Which attributes a search returns: those of PS3.18 Tables 10.6.3-3, -4 and -5, and those that the client names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.dicom.attribute_path import AttributePath, creator_tag, is_creator, parse_attribute_path
from app.dicom.levels import INSTANCE_KEYS, SERIES_KEYS, STUDY_KEYS
from app.dicom.matching import MatchingRules
from app.dicom.query_keys import Keys
from app.dicom.value_conditions import Condition, value_condition
from storage.resource import Level


@dataclass(frozen=True, slots=True)
class IncludedAttributes:
    """What the client wants beyond the attributes that are always returned.

    ``everything`` asks for all attributes of the level searched (``includefield=all``); ``paths`` are the attributes
    named by ``includefield`` and as matching keys. Where ``creators`` has the private creator of a private attribute,
    by the tag that the client gave to the creator, the attribute is the one in the block that the creator has
    reserved in each data set.
    """

    everything: bool = False
    paths: frozenset[AttributePath] = frozenset()
    creators: Mapping[str, Condition] = field(default_factory=dict)


def included_attributes(fields: Iterable[str], keys: Keys) -> IncludedAttributes:
    """What ``includefield`` names, repeated or as lists, and the matching keys (PS3.18 8.3.4.3, 10.6.3.3).

    A private attribute comes with its private creator. Raises ValueError for what is no attribute.
    """
    names = [name.strip() for value in fields for name in value.split(",") if name.strip()]
    try:
        paths = {parse_attribute_path(name) for name in names if name != "all"}
    except ValueError as error:
        raise ValueError(f"includefield: {error}") from error
    creators = {
        path[0]: value_condition("LO", key.values, MatchingRules())
        for path, key in keys.items()
        if len(path) == 1 and is_creator(path[0]) and all(key.values)
    }
    paths |= keys.keys()
    with_creators = {(*path[:-1], creator) for path in paths if (creator := creator_tag(path[-1])) is not None}
    return IncludedAttributes("all" in names, frozenset(paths | with_creators), creators)


def _paths(*names: str) -> frozenset[AttributePath]:
    return frozenset(map(parse_attribute_path, names))


RETURNED_ALWAYS: dict[Level, frozenset[AttributePath]] = {
    Level.STUDY: _paths(
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "ReferringPhysicianName",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyID",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: _paths("Modality", "SeriesInstanceUID", "SeriesNumber", "NumberOfSeriesRelatedInstances"),
    Level.INSTANCE: frozenset(),
}
"""Type R and U: an attribute that has no value is returned empty (PS3.4 C.2.2.1.2)."""

RETURNED_IF_KNOWN: dict[Level, frozenset[AttributePath]] = {
    Level.STUDY: _paths("InstanceAvailability", "TimezoneOffsetFromUTC", "RetrieveURL"),
    Level.SERIES: _paths(
        "TimezoneOffsetFromUTC",
        "SeriesDescription",
        "RetrieveURL",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence.ScheduledProcedureStepID",
        "RequestAttributesSequence.RequestedProcedureID",
    ),
    Level.INSTANCE: _paths(
        "SOPClassUID",
        "SOPInstanceUID",
        "InstanceAvailability",
        "TimezoneOffsetFromUTC",
        "RetrieveURL",
        "InstanceNumber",
        "Rows",
        "Columns",
        "BitsAllocated",
        "NumberOfFrames",
    ),
}
"""Type C, and all of the instance level: Table 10.6.3-5 asks for them "if present in the Instance"."""

SOP_CLASSES = _paths("SOPClassesInStudy")
PATIENT_COUNTS = _paths(
    "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"
)
"""What the index tells of a study only when it is asked to (PS3.4 C.3.4)."""

_WITHOUT_METADATA = frozenset(STUDY_KEYS + SERIES_KEYS + INSTANCE_KEYS).union(
    *(path[:1] for level in Level for path in RETURNED_ALWAYS[level] | RETURNED_IF_KNOWN[level]),
    *(path for path in SOP_CLASSES | PATIENT_COUNTS),
)


def needs(attributes: frozenset[AttributePath], level: Level, include: IncludedAttributes) -> bool:
    """Whether any of some attributes of studies is to be returned."""
    return (include.everything and level is Level.STUDY) or not attributes.isdisjoint(include.paths)


def needs_whole_metadata(level: Level, include: IncludedAttributes) -> bool:
    """Whether the attributes kept for searching are too few, so that the instance's whole metadata must be read."""
    if level is not Level.INSTANCE:
        return False
    return include.everything or any(path[0] not in _WITHOUT_METADATA for path in include.paths)
