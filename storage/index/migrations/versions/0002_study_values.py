"""The values of studies that are rows of their own, also for the studies that are there."""

import sqlalchemy as sa
from alembic import op

from storage.index.study_values import name_values

revision = "0002"
down_revision = "0001"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text that compares by code point in every database, whatever its language."""

BATCH = 1000
"""Studies whose names are read at once."""

NAMES = {"PatientName": "patient_name", "ReferringPhysicianName": "referring_physician_name"}
GROUPS = "alphabetic", "ideographic", "phonetic"

STUDY = sa.table(
    "study",
    sa.column("id", sa.Integer()),
    sa.column("study_date", sa.String()),
    *(sa.column(f"{name}_{group}", sa.String()) for name in NAMES.values() for group in GROUPS),
)
SERIES = sa.table("series", sa.column("study_row"), sa.column("modality"))
INSTANCE = sa.table("instance", sa.column("study_row"), sa.column("sop_class_uid"))


def upgrade() -> None:
    study_value = op.create_table(
        "study_value",
        *(sa.Column(name, TEXT, primary_key=True, nullable=False) for name in ("keyword", "value", "study_date")),
        sa.Column("study_row", sa.Integer(), sa.ForeignKey("study.id"), primary_key=True, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_study_value_study_row", "study_value", ["study_row", "keyword", "value"])
    _derive(study_value, "ModalitiesInStudy", SERIES.c.study_row, SERIES.c.modality)
    _derive(study_value, "SOPClassesInStudy", INSTANCE.c.study_row, INSTANCE.c.sop_class_uid)
    _add_names(study_value)


def _derive(
    study_value: sa.Table, keyword: str, study_row: sa.ColumnElement[int], value: sa.ColumnElement[str]
) -> None:
    values = (
        sa.select(sa.literal(keyword), value, STUDY.c.study_date, study_row)
        .join_from(study_row.table, STUDY, STUDY.c.id == study_row)
        .where(value != "")
        .distinct()
    )
    op.get_bind().execute(sa.insert(study_value).from_select(["keyword", "value", "study_date", "study_row"], values))


def _add_names(study_value: sa.Table) -> None:
    connection, last = op.get_bind(), 0
    after = sa.select(STUDY).where(STUDY.c.id > sa.bindparam("last")).order_by(STUDY.c.id).limit(BATCH)
    while studies := connection.execute(after, {"last": last}).mappings().all():
        last = studies[-1]["id"]
        rows = [row for study in studies for row in _name_rows(study)]
        if rows:
            connection.execute(sa.insert(study_value), rows)


def _name_rows(study: sa.RowMapping) -> list[dict[str, object]]:
    values = dict.fromkeys(
        value
        for keyword, name in NAMES.items()
        for value in name_values(keyword, [study[f"{name}_{group}"] for group in GROUPS])
    )
    return [
        {"keyword": keyword, "value": value, "study_date": study["study_date"], "study_row": study["id"]}
        for keyword, value in values
    ]
