"""An index in PostgreSQL filled as an archive of so many instances fills it, without its blobs.

Studies are those of ``benchmarks.index_scale``, with as many instances in a series as its modality has, UIDs of the
usual length, and documents as long, and as repetitive, as those of real files. Rows are written past the index, but
into its own tables, with all indexes in place, in the order in which instances come.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from benchmarks.index_scale import (
    CACHE_KIBIBYTES,
    MODALITIES,
    Row,
    Study,
    series_rows,
    sop_class_uid,
    studies,
    study_rows,
    value_rows,
)
from storage.index.sqlite_migrations import upgrade_file
from storage.index.tables import IndexTable

INSTANCES_OF_SERIES = {"CT": 120, "MR": 40, "CR": 2, "US": 12, "MG": 4, "XA": 10, "NM": 2, "OPT": 1}
DOCUMENT_BYTES = {"CT": 7_100, "MR": 14_300, "CR": 2_900, "US": 4_100, "MG": 3_400, "XA": 6_400, "NM": 2_600}
"""Mean length of the metadata of such instances, in real files; 4 000 where there were none."""
STUDY_BYTES, SERIES_BYTES, INSTANCE_BYTES = 600, 700, 390
"""The same of the attributes that are kept of each level."""
RANGES_BYTES = 35, 60
"""The same of frame indexes and bulk indexes."""

INSTANCES_OF_STUDY = 4 / 3 * sum(MODALITIES[each] * INSTANCES_OF_SERIES[each] for each in MODALITIES)
"""On average: a study has one series or two, and MODALITIES are as likely as they say."""

VARIANTS = 20
"""Different documents of a modality."""
STUDIES_AT_ONCE = 1_000
ROWS_AT_ONCE = 10_000

_UID_ROOT = "1.2.826.0.1.3680043.8.498"
_SPREAD = 0x9E3779B97F4A7C15F39C
"""Odd, so that multiples of it differ; and they are in no order."""

_COUNTED = "study", "series", "instance"
"""Tables whose row numbers a sequence gives out."""

_PREPARE = """
SET LOCAL session_replication_role = replica;  -- foreign keys hold: they need not be looked up ten million times
SET LOCAL synchronous_commit = off;
CREATE TEMPORARY TABLE sample (modality text, variant integer, sop_class_uid text, document bytea, attributes bytea,
    frame_index bytea, bulk_index bytea, sha256 bytea, PRIMARY KEY (modality, variant)) ON COMMIT DROP;
CREATE TEMPORARY TABLE extent (series_row integer PRIMARY KEY, before integer, described boolean) ON COMMIT DROP;
"""
_OF_SERIES = f"""
FROM extent JOIN series ON series.id = extent.series_row JOIN study ON study.id = series.study_row
CROSS JOIN LATERAL generate_series(1, series.number_of_instances) AS n
JOIN sample ON sample.modality = series.modality AND sample.variant = n % {VARIANTS}
WHERE extent.series_row BETWEEN $1 AND $2
"""
_FILL = (
    f"""INSERT INTO instance (id, study_row, series_row, sop_instance_uid, sop_class_uid, instance_number, content_date,
    content_time, transfer_syntax_uid, blob_key, size, sha256, attributes)
SELECT before + n, series.study_row, series.id, series_instance_uid || '.' || n, sop_class_uid, CAST(n AS text),
    series_date, '101112.130000', '1.2.840.10008.1.2.1', study_instance_uid || '/' || series_instance_uid || '/'
    || series_instance_uid || '.' || n || '.b0921e69a338.dcm', 525000, sha256, sample.attributes {_OF_SERIES}
ORDER BY before + n""",
    f"INSERT INTO instance_metadata SELECT before + n, document {_OF_SERIES} AND described ORDER BY before + n",
    f"INSERT INTO instance_ranges SELECT before + n, frame_index, bulk_index {_OF_SERIES} ORDER BY before + n",
)


def archive(instances: int) -> list[Study]:
    """The studies of an archive of about so many instances."""
    count = round(instances / INSTANCES_OF_STUDY)
    return [each._replace(uid=f"{_UID_ROOT}.1{each.row * _SPREAD % 10**22:022}") for each in studies(count)]


def is_described(study: Study, every: int) -> bool:
    """Whether the instances of a study have metadata, of which only every so many have."""
    return study.row % every == 0


async def fill(url: str, instances: int, every: int) -> None:
    """Fill the tables of a database with an archive; what was in them is gone. Its user must be a superuser."""
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute(f"TRUNCATE {', '.join(IndexTable.metadata.tables)} RESTART IDENTITY")
        await connection.execute(_PREPARE)
        await _copy(connection, "sample", list(_samples()))
        remaining, before = iter(archive(instances)), 0
        while batch := list(islice(remaining, STUDIES_AT_ONCE)):
            before = await _write(connection, batch, before, every)
        for table in _COUNTED:
            await connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def copy(url: str, path: Path) -> None:
    """Copy all rows of a database to a new file of SQLite."""
    upgrade_file(path)
    connection = await asyncpg.connect(url)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("synchronous = OFF", "journal_mode = OFF", f"cache_size = -{CACHE_KIBIBYTES}"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        for table in IndexTable.metadata.sorted_tables:
            names = ", ".join(table.c.keys())
            insert = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(table.c))})"
            async with connection.transaction():
                rows = await connection.cursor(f"SELECT {names} FROM {table.name}")
                while batch := await rows.fetch(ROWS_AT_ONCE):
                    database.executemany(insert, batch)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")
    await connection.close()


async def _write(connection: asyncpg.Connection, batch: list[Study], before: int, every: int) -> int:
    """Write studies with all that is in them; the row number of the last instance."""
    series = series_of(batch)
    described = {study.row for study in batch if is_described(study, every)}
    extents: list[Row] = []
    for row in series:
        extents.append({"series_row": row["id"], "before": before, "described": row["study_row"] in described})
        before += INSTANCES_OF_SERIES[str(row["modality"])]
    await _copy(connection, "study", [row | _more_of_study(row) for row in study_rows(batch)])
    await _copy(connection, "series", series)
    await _copy(connection, "study_value", value_rows(batch))
    await _copy(connection, "series_value", [each for row in series for each in _values_of_series(row)])
    await _copy(connection, "extent", extents)
    for statement in _FILL:
        await connection.execute(statement, series[0]["id"], series[-1]["id"])
    return before


def series_of(batch: list[Study]) -> list[Row]:
    """The rows of their series."""
    return [row | _more_of_series(row) for row in series_rows(batch)]


async def _copy(connection: asyncpg.Connection, table: str, rows: list[Row]) -> None:
    """Copy rows to a table; columns of the index that they do not name are empty."""
    known = IndexTable.metadata.tables.get(table)
    names = list(rows[0]) if known is None else list(known.c.keys())
    records = [tuple(row.get(name, "") for name in names) for row in rows]
    await connection.copy_records_to_table(table, records=records, columns=names)


def _more_of_study(row: Row) -> Row:
    return {
        "patient_birth_date": "19610203",
        "patient_sex": "F",
        "study_time": "101112.130000",
        "study_id": str(row["id"]),
        "attributes": json_of(STUDY_BYTES, int(str(row["id"]))),
    }


def _more_of_series(row: Row) -> Row:
    return {
        "series_number": "2",
        "series_description": "Axial, soft tissue",
        "series_time": "101112.130000",
        "body_part_examined": "CHEST",
        "number_of_instances": INSTANCES_OF_SERIES[str(row["modality"])],
        "attributes": json_of(SERIES_BYTES, int(str(row["id"]))),
    }


def _values_of_series(row: Row) -> Iterator[Row]:
    for name in ("RequestedProcedureID", "ScheduledProcedureStepID"):
        yield {"series_row": row["id"], "keyword": f"RequestAttributesSequence.{name}", "value": f"R{row['id']}"}


def _samples() -> Iterator[dict[str, Any]]:
    for modality in MODALITIES:
        for variant in range(VARIANTS):
            yield {
                "modality": modality,
                "variant": variant,
                "sop_class_uid": sop_class_uid(modality),
                "document": json_of(DOCUMENT_BYTES.get(modality, 4_000), variant),
                "attributes": json_of(INSTANCE_BYTES, variant),
                "frame_index": json_of(RANGES_BYTES[0], variant),
                "bulk_index": json_of(RANGES_BYTES[1], variant),
                "sha256": Random(variant).randbytes(32),
            }


def json_of(length: int, seed: int) -> bytes:
    """DICOM JSON of about that length in bytes, which a third of it can be compressed to, as real documents can."""
    random = Random(seed)
    elements: list[bytes] = []
    for tag in count(0x00180000):
        vr, value = random.choice((b"LO", b"DS", b"IS", b"UI", b"CS")), random.getrandbits(random.choice((16, 40)))
        elements.append(b'"%08X":{"vr":"%b","Value":["%d"]}' % (tag, vr, value))
        length -= len(elements[-1]) + 1
        if length <= 0:
            break
    return b"{" + b",".join(elements) + b"}"
