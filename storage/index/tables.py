"""The tables of the index, and the names of the columns that hold searched values.

Every searched column is text that is never null: an absent value is the empty text, which sorts first in every
database and which no search finds. Each has an index that ends in the order of its level's search results, so that a
search for one value is a seek that yields its first page in order, however large the archive is (``beginnings``). At
instance level that is so for the columns that by themselves narrow an archive; an InstanceNumber or a ContentTime does
not.

What is large (documents, indexes of byte ranges) lies in tables of its own, so that instance rows stay small.
"""

import re

from sqlalchemy import BigInteger, Index, MetaData, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.attributes import INDEXED_ATTRIBUTES, IndexedAttribute, Kind
from storage.resource import Level

NAME_GROUPS = "alphabetic", "ideographic", "phonetic"
"""The component groups of a person name, in the order of their values (PS3.5 6.2.1.1)."""

_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(keyword: str) -> str:
    """The column name for a keyword: ``sop_instance_uid`` for ``SOPInstanceUID``."""
    return _WORD_STARTS.sub("_", keyword).lower()


def column_names(attribute: IndexedAttribute) -> tuple[str, ...]:
    """The columns that hold the values of an attribute, in their order; none for a list, which has rows of its own."""
    match attribute.kind:
        case Kind.TEXT:
            return (snake_case(attribute.keyword),)
        case Kind.NAME:
            return tuple(f"{snake_case(attribute.keyword)}_{group}" for group in NAME_GROUPS)
        case Kind.LIST:
            return ()


def searched_columns(level: Level) -> list[str]:
    """The columns of searched values in the table of a level."""
    return [name for row in INDEXED_ATTRIBUTES.values() if row.level is level for name in column_names(row)]


class IndexTable(SQLModel):
    """Base of the tables: they share this metadata, and no table of anything else does."""

    metadata = MetaData()


class Study(IndexTable, table=True):
    """A study with its patient, as the first stored instance told of them."""

    __table_args__ = (
        UniqueConstraint("study_instance_uid", name="uq_study_study_instance_uid"),
        Index("ix_study_study_date", "study_date", "id"),
        *(
            Index(f"ix_study_{name}", name, "study_date", "id")
            for name in searched_columns(Level.STUDY)
            if name not in {"study_instance_uid", "study_date"}
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    study_instance_uid: str
    patient_name_alphabetic: str = ""
    patient_name_ideographic: str = ""
    patient_name_phonetic: str = ""
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_time: str = ""
    accession_number: str = ""
    referring_physician_name_alphabetic: str = ""
    referring_physician_name_ideographic: str = ""
    referring_physician_name_phonetic: str = ""
    study_description: str = ""
    study_id: str = ""
    attributes: bytes
    """DICOM JSON object of all attributes of the patient and study."""


class StudyValue(IndexTable, table=True):
    """A value by which a study is found beside its columns: derived from what is in it, or from a name.

    ``study_date`` repeats the study's, so that the studies of a value lie in the order of search results.
    """

    __tablename__ = "study_value"

    keyword: str = Field(primary_key=True)
    """A keyword of PS3.6, or one of ``study_values``."""
    value: str = Field(primary_key=True)
    study_date: str = Field(primary_key=True)
    study_row: int = Field(foreign_key="study.id", primary_key=True)

    __table_args__ = (
        Index("ix_study_value_study_row", "study_row", "keyword", "value"),
        {"sqlite_with_rowid": False},
    )


class Series(IndexTable, table=True):
    """A series, as its first stored instance told of it."""

    __table_args__ = (
        UniqueConstraint("study_row", "series_instance_uid", name="uq_series_study_row_series_instance_uid"),
        Index("ix_series_study_row_modality", "study_row", "modality"),
        *(Index(f"ix_series_{name}", name, "id") for name in searched_columns(Level.SERIES)),
    )

    id: int | None = Field(default=None, primary_key=True)
    study_row: int = Field(foreign_key="study.id")
    series_instance_uid: str
    modality: str = ""
    series_number: str = ""
    series_description: str = ""
    series_date: str = ""
    series_time: str = ""
    body_part_examined: str = ""
    performed_procedure_step_start_date: str = ""
    performed_procedure_step_start_time: str = ""
    number_of_instances: int = 0
    """Counted in the transactions that add instances, so exact at any time."""
    attributes: bytes
    """DICOM JSON object of all attributes of the series."""


class SeriesValue(IndexTable, table=True):
    """A value of an attribute that may have many: a row for each value of each ``Kind.LIST`` attribute of a series."""

    __tablename__ = "series_value"

    series_row: int = Field(foreign_key="series.id", primary_key=True)
    keyword: str = Field(primary_key=True)
    value: str = Field(primary_key=True)

    __table_args__ = (Index("ix_series_value_keyword_value", "keyword", "value", "series_row"),)


class Instance(IndexTable, table=True):
    """An instance. ``study_row`` repeats what its series says, so that a study's instances lie in stored order too.

    Row numbers are never given out twice, since callers hold them from one look-up to the next.
    """

    __table_args__ = (
        UniqueConstraint("sop_instance_uid", name="uq_instance_sop_instance_uid"),
        Index("ix_instance_study_row", "study_row", "id"),
        Index("ix_instance_series_row", "series_row", "id"),
        Index("ix_instance_sop_class_uid", "sop_class_uid", "id"),
        Index("ix_instance_content_date", "content_date", "id"),
        Index("ix_instance_blob_key", "blob_key"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    study_row: int = Field(foreign_key="study.id")
    series_row: int = Field(foreign_key="series.id")
    sop_instance_uid: str
    sop_class_uid: str = ""
    instance_number: str = ""
    content_date: str = ""
    content_time: str = ""
    transfer_syntax_uid: str
    blob_key: str
    size: int = Field(sa_type=BigInteger)
    """Bytes of the stored file."""
    sha256: bytes
    """Digest of the stored file."""
    received_sha256: bytes | None = None
    """Digest of the file as it came, where it was not stored like that."""
    attributes: bytes
    """DICOM JSON object of the attributes that a search returns unasked."""


class InstanceMetadata(IndexTable, table=True):
    """The whole DICOM JSON object of an instance."""

    __tablename__ = "instance_metadata"

    instance_row: int = Field(foreign_key="instance.id", primary_key=True)
    document: bytes


class InstanceRanges(IndexTable, table=True):
    """Where frames and bulk values lie in the stored file of an instance, as ingest wrote it down."""

    __tablename__ = "instance_ranges"

    instance_row: int = Field(foreign_key="instance.id", primary_key=True)
    frame_index: bytes
    bulk_index: bytes


class InstanceForm(IndexTable, table=True):
    """The file of an instance in another transfer syntax, where one was made when the instance was stored."""

    __tablename__ = "instance_form"
    __table_args__ = (Index("ix_instance_form_blob_key", "blob_key"),)

    instance_row: int = Field(foreign_key="instance.id", primary_key=True)
    transfer_syntax_uid: str
    blob_key: str
    size: int = Field(sa_type=BigInteger)
    sha256: bytes
    """Digest of that file."""
    frame_index: bytes


class UnneededBlob(IndexTable, table=True):
    """A blob whose instance was deleted or replaced, and whose bytes may be there still."""

    __tablename__ = "unneeded_blob"
    __table_args__ = (Index("ix_unneeded_blob_since", "since"),)

    blob_key: str = Field(primary_key=True)
    since: int = Field(sa_type=BigInteger)
    """When the instance was removed, in seconds of Unix time."""


_TABLES = IndexTable.metadata.tables

STUDY: Table = _TABLES["study"]
STUDY_VALUE: Table = _TABLES["study_value"]
SERIES: Table = _TABLES["series"]
SERIES_VALUE: Table = _TABLES["series_value"]
INSTANCE: Table = _TABLES["instance"]
INSTANCE_METADATA: Table = _TABLES["instance_metadata"]
INSTANCE_RANGES: Table = _TABLES["instance_ranges"]
INSTANCE_FORM: Table = _TABLES["instance_form"]
UNNEEDED_BLOB: Table = _TABLES["unneeded_blob"]

TABLE_OF: dict[Level, Table] = {Level.STUDY: STUDY, Level.SERIES: SERIES, Level.INSTANCE: INSTANCE}
