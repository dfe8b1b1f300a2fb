"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text that compares by code point in every database, whatever its language."""

STUDY_VALUES = (
    "patient_name_alphabetic",
    "patient_name_ideographic",
    "patient_name_phonetic",
    "patient_id",
    "issuer_of_patient_id",
    "patient_birth_date",
    "patient_sex",
    "study_time",
    "accession_number",
    "referring_physician_name_alphabetic",
    "referring_physician_name_ideographic",
    "referring_physician_name_phonetic",
    "study_description",
    "study_id",
)
SERIES_VALUES = (
    "series_instance_uid",
    "modality",
    "series_number",
    "series_description",
    "series_date",
    "series_time",
    "body_part_examined",
    "performed_procedure_step_start_date",
    "performed_procedure_step_start_time",
)


def upgrade() -> None:
    _study()
    _series()
    _series_value()
    _instance()
    _instance_documents()
    _unneeded_blob()


def _study() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("study_instance_uid"),
        _text("study_date"),
        *map(_text, STUDY_VALUES),
        _bytes("attributes"),
        sa.UniqueConstraint("study_instance_uid", name="uq_study_study_instance_uid"),
    )
    op.create_index("ix_study_study_date", "study", ["study_date", "id"])
    for name in STUDY_VALUES:
        op.create_index(f"ix_study_{name}", "study", [name, "study_date", "id"])


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), primary_key=True),
        _row("study_row", "study.id"),
        *map(_text, SERIES_VALUES),
        sa.Column("number_of_instances", sa.Integer(), nullable=False),
        _bytes("attributes"),
        sa.UniqueConstraint("study_row", "series_instance_uid", name="uq_series_study_row_series_instance_uid"),
    )
    op.create_index("ix_series_study_row_modality", "series", ["study_row", "modality"])
    for name in SERIES_VALUES:
        op.create_index(f"ix_series_{name}", "series", [name, "id"])


def _series_value() -> None:
    op.create_table(
        "series_value",
        _row("series_row", "series.id", primary_key=True),
        _text("keyword", primary_key=True),
        _text("value", primary_key=True),
    )
    op.create_index("ix_series_value_keyword_value", "series_value", ["keyword", "value", "series_row"])


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), primary_key=True),
        _row("study_row", "study.id"),
        _row("series_row", "series.id"),
        _text("sop_instance_uid"),
        _text("sop_class_uid"),
        _text("instance_number"),
        _text("content_date"),
        _text("content_time"),
        _text("transfer_syntax_uid"),
        _text("blob_key"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _bytes("sha256"),
        _bytes("attributes"),
        sa.UniqueConstraint("sop_instance_uid", name="uq_instance_sop_instance_uid"),
        sqlite_autoincrement=True,
    )
    for name in ("study_row", "series_row", "sop_class_uid", "content_date"):
        op.create_index(f"ix_instance_{name}", "instance", [name, "id"])
    op.create_index("ix_instance_blob_key", "instance", ["blob_key"])


def _instance_documents() -> None:
    op.create_table(
        "instance_metadata",
        _row("instance_row", "instance.id", primary_key=True),
        _bytes("document"),
    )
    op.create_table(
        "instance_ranges",
        _row("instance_row", "instance.id", primary_key=True),
        _bytes("frame_index"),
        _bytes("bulk_index"),
    )


def _unneeded_blob() -> None:
    op.create_table(
        "unneeded_blob",
        _text("blob_key", primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_unneeded_blob_since", "unneeded_blob", ["since"])


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=primary_key, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _row(name: str, target: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(target), primary_key=primary_key, nullable=False)
