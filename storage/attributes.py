"""The attributes that the index can search: one row each, by the keyword that PS3.6 gives them."""

from dataclasses import dataclass
from enum import StrEnum

from storage.resource import Level


class Kind(StrEnum):
    """How the values of an attribute are kept for searching."""

    TEXT = "text"
    """One value, compared as it is."""
    NAME = "name"
    """A person name: three values (alphabetic, ideographic, phonetic group), folded for comparison."""
    LIST = "list"
    """Any number of values, of which any may match."""


@dataclass(frozen=True, slots=True)
class IndexedAttribute:
    """An attribute with a column of its own, in the table of its level."""

    keyword: str
    level: Level
    kind: Kind = Kind.TEXT


_STUDY, _SERIES, _INSTANCE = Level.STUDY, Level.SERIES, Level.INSTANCE

INDEXED_ATTRIBUTES: dict[str, IndexedAttribute] = {
    attribute.keyword: attribute
    for attribute in (
        # Patient and study: PS3.18 Table 10.6.1-5, and what study lists are filtered by.
        IndexedAttribute("PatientName", _STUDY, Kind.NAME),
        IndexedAttribute("PatientID", _STUDY),
        IndexedAttribute("IssuerOfPatientID", _STUDY),
        IndexedAttribute("PatientBirthDate", _STUDY),
        IndexedAttribute("PatientSex", _STUDY),
        IndexedAttribute("StudyInstanceUID", _STUDY),
        IndexedAttribute("StudyDate", _STUDY),
        IndexedAttribute("StudyTime", _STUDY),
        IndexedAttribute("AccessionNumber", _STUDY),
        IndexedAttribute("ReferringPhysicianName", _STUDY, Kind.NAME),
        IndexedAttribute("StudyDescription", _STUDY),
        IndexedAttribute("StudyID", _STUDY),
        # Series.
        IndexedAttribute("SeriesInstanceUID", _SERIES),
        IndexedAttribute("Modality", _SERIES),
        IndexedAttribute("SeriesNumber", _SERIES),
        IndexedAttribute("SeriesDescription", _SERIES),
        IndexedAttribute("SeriesDate", _SERIES),
        IndexedAttribute("SeriesTime", _SERIES),
        IndexedAttribute("BodyPartExamined", _SERIES),
        IndexedAttribute("PerformedProcedureStepStartDate", _SERIES),
        IndexedAttribute("PerformedProcedureStepStartTime", _SERIES),
        IndexedAttribute("RequestAttributesSequence.ScheduledProcedureStepID", _SERIES, Kind.LIST),
        IndexedAttribute("RequestAttributesSequence.RequestedProcedureID", _SERIES, Kind.LIST),
        # Instance.
        IndexedAttribute("SOPInstanceUID", _INSTANCE),
        IndexedAttribute("SOPClassUID", _INSTANCE),
        IndexedAttribute("InstanceNumber", _INSTANCE),
        IndexedAttribute("ContentDate", _INSTANCE),
        IndexedAttribute("ContentTime", _INSTANCE),
    )
}
"""By keyword; a dotted keyword names an attribute inside the items of a sequence.

Adding a row needs a column of the same name in ``storage/index/tables.py``, a migration, and a line in CONFORMANCE.md.
"""

DERIVED_ATTRIBUTES: dict[str, Level] = {
    "ModalitiesInStudy": Level.STUDY,
    "SOPClassesInStudy": Level.STUDY,
    "NumberOfStudyRelatedSeries": Level.STUDY,
    "NumberOfStudyRelatedInstances": Level.STUDY,
    "NumberOfSeriesRelatedInstances": Level.SERIES,
}
"""By keyword, the level of attributes that no data set has: they are told by what is stored, and searched like others.

The numbers match single values only (``Equals``, alone or in ``AnyOf``).
"""
