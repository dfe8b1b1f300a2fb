"""What adding and looking up costs in PostgreSQL against SQLite, with records as large as those of CT images.

``python -m benchmarks.index_backends URL`` empties the tables of the database of the URL, and prints milliseconds of an
operation as its asker waits for it, with the ratios. Both wait for the same disk, if the server is on this machine.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg

from storage.index.factory import open_index
from storage.index.postgresql_migrations import upgrade_database
from storage.index.protocol import Index
from storage.index.tables import IndexTable
from storage.records import InstanceRecord, StoredInstance
from storage.resource import ResourceKey

SINGLES, BATCH, AT_ONCE, SERIES = 200, 100, 16, 300
PEOPLE = {"PatientName": ("smith^john",), "PatientID": ("P1",), "StudyDate": ("20200101",), "Modality": ("CT",)}


def record(study: int, number: int) -> InstanceRecord:
    """An instance of a series of its study; documents are as varied, and as repetitive, as DICOM JSON is."""
    key = ResourceKey(f"1.2.826.{study}", f"1.2.826.{study}.1", f"1.2.826.{study}.1.{number}")
    document = b"{" + b",".join(b'"%08X":{"vr":"LO","Value":["%d"]}' % (tag, tag * number) for tag in range(120)) + b"}"
    uids = {"StudyInstanceUID": key.study_instance_uid or "", "SeriesInstanceUID": key.series_instance_uid or ""}
    return InstanceRecord(
        key=key,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        blob_key=f"{study}/{number}",
        size=525_000,
        sha256=f"{study:016}{number:016}".encode(),
        index_values=PEOPLE | {name: (uid,) for name, uid in uids.items()},
        study_attributes=document[:1_500],
        series_attributes=document[:500],
        instance_attributes=document[:500],
        metadata=document,
        frame_index=b"f" * 40,
        bulk_index=b"b" * 100,
    )


async def milliseconds(times: int, operation: Callable[[int], Awaitable[object]], at_once: int = 1) -> float:
    """Of one of so many operations, when always ``at_once`` of them are under way."""

    async def some(first: int) -> None:
        for number in range(first, times, at_once):
            await operation(number)

    began = time.perf_counter()
    await asyncio.gather(*map(some, range(at_once)))
    return (time.perf_counter() - began) * 1000 / times


async def measure(index: Index) -> dict[str, float]:
    await index.add([record(0, n) for n in range(SERIES)])
    series = replace(record(0, 0).key, sop_instance_uid=None)
    found: list[StoredInstance] = [each async for batch in index.instances(series) for each in batch]

    async def document(number: int) -> None:
        _ = [batch async for batch in index.metadata(series)]

    async def add(number: int) -> None:
        await index.add([record(1, number)])

    return {
        "add one instance": await milliseconds(SINGLES, add),
        "the same, first of a study": await milliseconds(SINGLES, lambda n: index.add([record(1_000 + n, 1)])),
        f"the same, {AT_ONCE} callers, one study": await milliseconds(
            5 * SINGLES, lambda n: index.add([record(2, n)]), AT_ONCE
        ),
        f"the same, {AT_ONCE} callers, {AT_ONCE} studies": await milliseconds(
            5 * SINGLES, lambda n: index.add([record(10 + n % AT_ONCE, n)]), AT_ONCE
        ),
        f"add {BATCH} instances": await milliseconds(
            10, lambda n: index.add([record(3, BATCH * n + k) for k in range(BATCH)])
        ),
        "instance by UIDs": await milliseconds(5 * SINGLES, lambda n: index.instance(found[n % SERIES].key)),
        "frame index": await milliseconds(5 * SINGLES, lambda n: index.frame_index(found[n % SERIES])),
        f"frame index, {AT_ONCE} callers": await milliseconds(
            5 * SINGLES, lambda n: index.frame_index(found[n % SERIES]), AT_ONCE
        ),
        "revision of a series": await milliseconds(SINGLES, lambda n: index.revision(series)),
        f"metadata of {SERIES} instances": await milliseconds(20, document),
        f"delete {BATCH} instances": await milliseconds(1, lambda n: index.delete(record(10, 0).key)),
    }


async def compare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"TRUNCATE {', '.join(IndexTable.metadata.tables)} RESTART IDENTITY")
    await connection.close()
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for each in (f"sqlite:///{Path(folder) / 'index.sqlite'}", url):
            index = await open_index(each)
            await measure_once(index, found)
    print("| operation | SQLite, ms | PostgreSQL, ms | ratio |\n|---|---|---|---|")
    for name, sqlite in found[0].items():
        print(f"| {name} | {sqlite:.2f} | {found[1][name]:.2f} | {found[1][name] / sqlite:.1f} |")


async def measure_once(index: Index, found: list[dict[str, float]]) -> None:
    try:
        found.append(await measure(index))
    finally:
        await index.close()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    url = arguments.parse_args().url
    upgrade_database(url)
    asyncio.run(compare(url))


if __name__ == "__main__":
    main()
