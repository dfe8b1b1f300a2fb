"""Whether a search costs the same however large the archive is.

``python -m benchmarks.index_scale [FOLDER] [STUDIES ...]`` fills one index after the other with the rows of so many
studies (by default 10 000, 100 000 and 1 000 000), asks each the same kinds of questions, and prints the median CPU
time of each kind, with its ratio to that of the smallest index. A kind that finds less than a page in the smallest
index, as a single day does, grows until it fills the page. The largest index takes some minutes and 7 GB in FOLDER (by
default where temporary files are), and 3 GB of memory; each is deleted when it is measured. The rows are written past
the index, but are those that storing such studies leads to.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache, partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from storage.index.migrations import upgrade
from storage.index.searching import count_matches, search_instances, search_series, search_studies
from storage.index.sqlite_connections import reading_engine, writing_engine
from storage.index.study_values import MODALITIES_IN_STUDY, SOP_CLASSES_IN_STUDY, name_values
from storage.query import AnyTerm, Between, Equals, Query, SimilarName, Term, Wildcard
from storage.resource import Level, ResourceKey

SIZES = (10_000, 100_000, 1_000_000)
QUESTIONS = 40
"""Questions of each kind, with different values."""
PAGE = 25
BATCH = 5_000
"""Studies that are written at once."""
CACHE_KIBIBYTES = 3 * 1024 * 1024
"""Pages kept in memory while an index is filled, for its rows go to places all over it."""

FIRST_DAY, DAYS = date(2015, 1, 1), 3_650
MODALITIES = {"CT": 0.3, "MR": 0.2, "CR": 0.25, "US": 0.15, "MG": 0.0869, "XA": 0.01, "NM": 0.003, "OPT": 0.0001}
SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "yo", "za"]
SURNAMES = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:10]]
GIVEN_NAMES = [a + b for a in SYLLABLES for b in SYLLABLES]
ATTRIBUTES = b'{"0020000D":{"vr":"UI","Value":["1.2"]}}' + b" " * 1_500
DOCUMENT = b"{}" + b" " * 500

Row = dict[str, object]
"""Values by column."""


class Study(NamedTuple):
    """A study of one or two series, of one instance each."""

    row: int
    uid: str
    name: str
    patient_id: str
    date: str
    accession_number: str
    referring: str
    description: str
    modalities: list[str]


def studies(count: int) -> Iterator[Study]:
    """So many of them, the same every time; patients have three on average."""
    random = Random(count)
    for row in range(1, count + 1):
        patient = random.randrange(1 + count // 3)
        yield Study(
            row,
            f"1.2.826.{row}",
            f"{SURNAMES[patient * 7 % len(SURNAMES)]}^{GIVEN_NAMES[patient * 11 % len(GIVEN_NAMES)]}",
            f"P{patient:07}",
            day(random.randrange(DAYS)),
            f"A{row * 7919 % count:07}",
            f"{random.choice(SURNAMES)}^{random.choice(GIVEN_NAMES)}",
            f"{random.choice(GIVEN_NAMES)} {random.choice(GIVEN_NAMES)}",
            random.choices(list(MODALITIES), list(MODALITIES.values()), k=random.choice((1, 1, 2))),
        )


def day(number: int) -> str:
    return f"{FIRST_DAY + timedelta(number):%Y%m%d}"


def fill(path: Path, count: int) -> None:
    """Make an index with so many studies."""
    with writing_engine(path).begin() as connection:
        upgrade(connection)
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        remaining = studies(count)
        while batch := list(islice(remaining, BATCH)):
            database.execute("BEGIN")
            write(database, batch)
            database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")
    database.close()


def write(database: sqlite3.Connection, batch: list[Study]) -> None:
    series = series_rows(batch)
    insert(database, "study", study_rows(batch))
    insert(database, "series", series)
    insert(
        database,
        "instance",
        [
            {
                "id": row["id"],
                "study_row": row["study_row"],
                "series_row": row["id"],
                "sop_instance_uid": f"{row['series_instance_uid']}.1",
                "sop_class_uid": sop_class_uid(str(row["modality"])),
                "content_date": row["series_date"],
                "transfer_syntax_uid": "1.2.840.10008.1.2.1",
                "blob_key": f"{row['id']}",
                "size": 1,
                "sha256": b"",
                "attributes": DOCUMENT,
            }
            for row in series
        ],
    )
    insert(database, "instance_metadata", [{"instance_row": row["id"], "document": DOCUMENT} for row in series])
    insert(database, "study_value", value_rows(batch))


def study_rows(batch: list[Study]) -> list[Row]:
    return [
        {
            "id": each.row,
            "study_instance_uid": each.uid,
            "patient_name_alphabetic": each.name,
            "patient_id": each.patient_id,
            "study_date": each.date,
            "accession_number": each.accession_number,
            "referring_physician_name_alphabetic": each.referring,
            "study_description": each.description,
            "attributes": ATTRIBUTES,
        }
        for each in batch
    ]


def series_rows(batch: list[Study]) -> list[Row]:
    return [
        {
            "id": row,
            "study_row": study.row,
            "series_instance_uid": f"{study.uid}.{row}",
            "modality": modality,
            "series_date": study.date,
            "number_of_instances": 1,
            "attributes": DOCUMENT,
        }
        for study in batch
        for row, modality in enumerate(study.modalities, 2 * study.row)
    ]


def value_rows(batch: list[Study]) -> list[Row]:
    return [
        {"keyword": keyword, "value": value, "study_date": study.date, "study_row": study.row}
        for study in batch
        for keyword, value in values_of(study)
    ]


def values_of(study: Study) -> Iterator[tuple[str, str]]:
    yield from values_of_name("PatientName", study.name)
    yield from values_of_name("ReferringPhysicianName", study.referring)
    for modality in dict.fromkeys(study.modalities):
        yield MODALITIES_IN_STUDY, modality
        yield SOP_CLASSES_IN_STUDY, sop_class_uid(modality)


@cache
def values_of_name(keyword: str, name: str) -> list[tuple[str, str]]:
    return list(dict.fromkeys(name_values(keyword, [name])))


def sop_class_uid(modality: str) -> str:
    return f"1.2.840.10008.5.1.4.1.1.{list(MODALITIES).index(modality)}"


def insert(database: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    """Insert rows; columns that they do not name are empty."""
    columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
    marks = ", ".join("?" * len(columns))
    values = (tuple(row.get(name, "") for name in columns) for row in rows)
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", values)


Question = partial[Any]
"""An operation of ``storage.index.searching``, which lacks a connection."""

SEARCHES = {Level.STUDY: search_studies, Level.SERIES: search_series, Level.INSTANCE: search_instances}


def asking(*terms: AnyTerm, level: Level = Level.STUDY, limit: int = PAGE, offset: int = 0) -> Question:
    return partial(SEARCHES[level], query=Query(level, ResourceKey(), terms, limit, offset))


def counting(*terms: AnyTerm) -> Question:
    return partial(count_matches, query=Query(Level.STUDY, ResourceKey(), terms, PAGE), at_most=1_000)


def is_(keyword: str, *values: str) -> Term:
    return Term(keyword, Equals(values))


def begins(keyword: str, prefix: str) -> Term:
    return Term(keyword, Wildcard((f"{prefix}*",)))


def days(keyword: str, first: int, last: int) -> Term:
    return Term(keyword, Between(day(first), day(last)))


def kinds(known: Study, number: int) -> dict[str, Question]:
    """A question of each kind, about a study that is there; ``number`` varies the others."""
    year = days("StudyDate", number * 60, number * 60 + 365)
    surname, modality = known.name.split("^")[0], partial(is_, MODALITIES_IN_STUDY)
    return {
        "first page of 100": asking(limit=100),
        "StudyInstanceUID": asking(is_("StudyInstanceUID", known.uid)),
        "PatientID": asking(is_("PatientID", known.patient_id)),
        "AccessionNumber": asking(is_("AccessionNumber", known.accession_number)),
        "three AccessionNumbers": asking(is_("AccessionNumber", known.accession_number, "A0000001", "A0000002")),
        "StudyDate, a year": asking(year),
        "StudyDate, a month": asking(days("StudyDate", number * 60, number * 60 + 30)),
        "StudyDate, one day": asking(is_("StudyDate", known.date)),
        "PatientName, one letter": asking(begins("PatientName", surname[:1])),
        "PatientName, three letters": asking(begins("PatientName", surname[:3])),
        "PatientName, surname and a letter": asking(begins("PatientName", known.name[: len(surname) + 2])),
        "PatientName, whole": asking(is_("PatientName", known.name)),
        "PatientName, similar": asking(Term("PatientName", SimilarName((surname, known.name[-2:])))),
        "PatientName and a year": asking(begins("PatientName", surname[:2]), year),
        "ModalitiesInStudy, common": asking(modality("CT")),
        "ModalitiesInStudy, 1 %": asking(modality("XA")),
        "ModalitiesInStudy, 0.3 %": asking(modality("NM")),
        "ModalitiesInStudy, 0.01 %": asking(modality("OPT")),
        "ModalitiesInStudy, absent": asking(modality("ZZ")),
        "ModalitiesInStudy, common and rare": asking(modality("CT", "NM")),
        "ModalitiesInStudy, two rare": asking(modality("XA", "NM")),
        "ModalitiesInStudy and a year": asking(modality("MG"), year),
        "ModalitiesInStudy and a name": asking(modality("MR"), begins("PatientName", surname[:2])),
        "Modality of a series": asking(is_("Modality", "MG")),
        "AccessionNumber, prefix of 10": asking(begins("AccessionNumber", known.accession_number[:-1])),
        "StudyDescription, prefix 7 %": asking(begins("StudyDescription", known.description[:2])),
        "StudyDescription, prefix 0.5 %": asking(begins("StudyDescription", known.description[:4])),
        "page at offset 1000": asking(limit=PAGE, offset=1_000),
        "series: Modality": asking(is_("Modality", "CT"), level=Level.SERIES),
        "series: SeriesDate, a year": asking(days("SeriesDate", number * 60, number * 60 + 365), level=Level.SERIES),
        "series: PatientID": asking(is_("PatientID", known.patient_id), level=Level.SERIES),
        "series: ModalitiesInStudy": asking(modality("CT"), level=Level.SERIES),
        "instances: SOPClassUID": asking(is_("SOPClassUID", sop_class_uid("XA")), level=Level.INSTANCE),
        "instances: Modality": asking(is_("Modality", "MR"), level=Level.INSTANCE),
        "instances: PatientID": asking(is_("PatientID", known.patient_id), level=Level.INSTANCE),
        "count up to 1000": counting(modality("CT")),
    }


def measure(path: Path, count: int) -> dict[str, float]:
    """The median milliseconds of CPU of each kind of question; what else the machine does matters less to that."""
    known = Random(1).sample(list(islice(studies(count), 10_000)), QUESTIONS)
    times: dict[str, list[float]] = {}
    with reading_engine(path, 1).connect() as connection:
        for number, study in enumerate([known[0], *known]):
            for kind, question in kinds(study, number).items():
                began = time.thread_time()
                question(connection)
                times.setdefault(kind, []).append((time.thread_time() - began) * 1000)
    return {kind: statistics.median(of_kind[1:]) for kind, of_kind in times.items()}


def measured(folder: Path, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path, began = Path(place) / "index.sqlite", time.perf_counter()
        fill(path, count)
        print(f"{count} studies: {path.stat().st_size / 1e9:.1f} GB in {time.perf_counter() - began:.0f} s", flush=True)
        return measure(path, count)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()))
    arguments.add_argument("studies", type=int, nargs="*", default=SIZES)
    given = arguments.parse_args()
    found = {count: measured(given.folder, count) for count in given.studies}
    print("| search | " + " | ".join(f"ms at {count:,} | ratio" for count in found) + " |")
    print("|---" * (1 + 2 * len(found)) + "|")
    first, *_ = found.values()
    for kind, smallest in first.items():
        columns = (f"{times[kind]:.2f} | {times[kind] / smallest:.2f}" for times in found.values())
        print(f"| {kind} | " + " | ".join(columns) + " |")


if __name__ == "__main__":
    main()
