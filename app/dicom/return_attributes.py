"""Which attributes a search returns: those of PS3.18 Tables 10.6.3-3, -4 and -5, and those that the client names."""

from dataclasses import dataclass

from app.dicom.attribute_path import AttributePath, parse_attribute_path
from storage.attributes import INDEXED_ATTRIBUTES
from storage.resource import Level


@dataclass(frozen=True, slots=True)
class IncludedAttributes:
    """What the client wants beyond the attributes that are always returned.

    ``everything`` asks for all attributes of the level searched (``includefield=all``); ``paths`` are the attributes
    named by ``includefield`` and as matching keys.
    """

    everything: bool = False
    paths: frozenset[AttributePath] = frozenset()


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
        "InstanceAvailability",
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

_WITHOUT_METADATA = frozenset(
    path[0] for level in Level for path in RETURNED_ALWAYS[level] | RETURNED_IF_KNOWN[level]
) | frozenset(
    parse_attribute_path(row.keyword)[0] for row in INDEXED_ATTRIBUTES.values() if row.level is not Level.INSTANCE
)


def needs_whole_metadata(level: Level, include: IncludedAttributes) -> bool:
    """Whether the attributes kept for searching are too few, so that the instance's whole metadata must be read."""
    if level is not Level.INSTANCE:
        return False
    return include.everything or any(path[0] not in _WITHOUT_METADATA for path in include.paths)
