"""The values of studies that are rows of their own (``tables.StudyValue``): kept exact whatever is added and removed.

They are the modalities of a study's series, the SOP classes of its instances, and what its names are found by.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, delete, exists, insert, or_, select

from storage.attributes import INDEXED_ATTRIBUTES, Kind
from storage.index.chunks import chunks
from storage.index.prepared import Write
from storage.index.tables import INSTANCE, SERIES, STUDY, STUDY_VALUE
from storage.index.unsought import Unsought
from storage.name_words import prefixes, sound, words
from storage.records import InstanceRecord
from storage.resource import Level

MODALITIES_IN_STUDY = "ModalitiesInStudy"
SOP_CLASSES_IN_STUDY = "SOPClassesInStudy"
PATIENT_NAME = "PatientName"
"""The name whose beginnings are kept: the one that study lists are searched by."""

NAMES = tuple(row.keyword for row in INDEXED_ATTRIBUTES.values() if row.kind is Kind.NAME and row.level is Level.STUDY)

_VALUE = STUDY_VALUE.c
_ADDED: dict[str, BindParameter[Any]] = {
    name: bindparam(name, type_=_VALUE[name].type) for name in ("study_row", "keyword", "value")
}
_ADD = Write(
    insert(STUDY_VALUE).from_select(
        ["study_row", "keyword", "value", "study_date"],
        select(STUDY.c.id, _ADDED["keyword"], _ADDED["value"], STUDY.c.study_date).where(
            STUDY.c.id == _ADDED["study_row"],
            ~exists().where(
                _VALUE.study_row == STUDY.c.id, _VALUE.keyword == _ADDED["keyword"], _VALUE.value == _ADDED["value"]
            ),
        ),
    )
)

_Row = tuple[int, str, str]
"""A study's row number, keyword, value."""


def words_of(keyword: str) -> str:
    """The keyword under which the words of a name are kept."""
    return f"{keyword} word"


def sounds_of(keyword: str) -> str:
    """The keyword under which it is kept how the words of a name sound."""
    return f"{keyword} sound"


def prefixes_of(keyword: str) -> str:
    """The keyword under which the beginnings of a name are kept."""
    return f"{keyword} prefix"


def name_values(keyword: str, groups: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Keywords and values by which a name is found, from its folded component groups; some may come twice."""
    for group in groups:
        if keyword == PATIENT_NAME:
            yield from ((prefixes_of(keyword), prefix) for prefix in prefixes(group))
        for word in words(group):
            yield words_of(keyword), word
            if code := sound(word):
                yield sounds_of(keyword), code


def add_names(connection: Connection, studies: Iterable[tuple[int, InstanceRecord]]) -> None:
    """Add the values of names to new studies, each given with the record that it is made from."""
    _add(
        connection,
        (
            (row, *value)
            for row, record in studies
            for keyword in NAMES
            for value in name_values(keyword, record.index_values.get(keyword, ()))
        ),
    )


def add_modalities(connection: Connection, series: Iterable[tuple[int, InstanceRecord]]) -> None:
    """Add the modalities of new series to their studies."""
    given = ((row, modality) for row, record in series for modality in record.index_values.get("Modality", ()))
    _add(connection, ((row, MODALITIES_IN_STUDY, modality) for row, modality in given if modality))


def add_sop_classes(connection: Connection, instances: Iterable[tuple[int, InstanceRecord]]) -> None:
    """Add the SOP classes of instances to their studies."""
    _add(connection, ((row, SOP_CLASSES_IN_STUDY, record.sop_class_uid) for row, record in instances))


def remove_values(connection: Connection, study_rows: Collection[int]) -> None:
    """Remove what these studies no longer have; all values of those that have no series left."""
    for rows in chunks(study_rows):
        connection.execute(delete(STUDY_VALUE).where(_VALUE.study_row.in_(rows), or_(*_OUTDATED)))


def _add(connection: Connection, rows: Iterable[_Row]) -> None:
    names = tuple(_ADDED)
    _ADD.run(connection, [dict(zip(names, row, strict=True)) for row in dict.fromkeys(rows)])


def _outdated(keyword: str, is_there: ColumnElement[bool]) -> ColumnElement[bool]:
    return (_VALUE.keyword == keyword) & ~is_there


_OUTDATED = (
    ~exists().where(SERIES.c.study_row == _VALUE.study_row),
    _outdated(
        MODALITIES_IN_STUDY, exists().where(SERIES.c.study_row == _VALUE.study_row, SERIES.c.modality == _VALUE.value)
    ),
    _outdated(
        SOP_CLASSES_IN_STUDY,
        # Sought by the study: SQLite would as soon go through all instances of the class.
        exists().where(INSTANCE.c.study_row == _VALUE.study_row, Unsought(INSTANCE.c.sop_class_uid) == _VALUE.value),
    ),
)
