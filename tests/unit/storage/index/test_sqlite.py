"""One file, several indexes: in one process, in two, and after a process was killed."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

import tests
from storage.index.sqlite import SqliteIndex
from storage.query import Query
from storage.records import Addition, DuplicatePolicy, Outcome
from storage.resource import Level, ResourceKey
from tests.contract.asking import unneeded_blobs
from tests.contract.records import key, record

REJECT, REPLACE = DuplicatePolicy.REJECT, DuplicatePolicy.REPLACE
STUDIES = Query(Level.STUDY, ResourceKey(), (), 100)
WRITER = """
import asyncio, sys
from pathlib import Path
from storage.index.sqlite import SqliteIndex
from storage.records import DuplicatePolicy
from tests.contract.records import record

async def main(path: Path, count: int, content: str, duplicates: DuplicatePolicy) -> None:
    index = await SqliteIndex.open(path)
    for number in range(count):
        [addition] = await index.add([record(1, number % 3, number, content=content)], duplicates)
        print(addition.outcome.value, number, flush=True)
    await index.close()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], DuplicatePolicy(sys.argv[4])))
"""
"""Adds the instances 0, 1, 2 … of one study, and tells what became of each: outcome, number."""


async def writer(path: Path, count: int, content: str = "", policy: DuplicatePolicy = REJECT) -> Process:
    root = Path(tests.__file__).parents[1]
    arguments = str(path), str(count), content, policy.value
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, *arguments, stdout=PIPE, stderr=PIPE, cwd=root
    )


async def assert_whole(index: SqliteIndex) -> None:
    """The counts of every study and series are those of the instances that are there, each with its documents."""
    for match in await index.search_studies(STUDIES):
        study = ResourceKey("/".join(match.attributes.decode().split("/")[2:3]))
        instances = [each for batch in [b async for b in index.instances(study)] for each in batch]
        documents = [each for batch in [b async for b in index.metadata(study)] for each in batch]
        assert match.number_of_instances == len(instances) == len(documents)
        assert match.number_of_series == len({each.key.series_instance_uid for each in instances})
        for each in instances:
            assert await index.frame_index(each) is not None
        of_series = await index.search_series(Query(Level.SERIES, study, (), 1000))
        assert sum(each.number_of_instances for each in of_series) == len(instances)


async def test_two_indexes_on_one_file_see_each_others_instances(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    one, two = await asyncio.gather(SqliteIndex.open(path), SqliteIndex.open(path))
    records = [record(1, n % 2, n) for n in range(100)]
    additions = await asyncio.gather(*(index.add([each]) for each in records for index in (one, two)))
    assert Counter(addition.outcome for [addition] in additions) == {Outcome.ADDED: 100, Outcome.IDENTICAL: 100}
    for index in (one, two):
        assert [match.number_of_instances for match in await index.search_studies(STUDIES)] == [100]
        assert await index.instance(key(1, 1, 99)) is not None
        await assert_whole(index)
        await index.close()


async def test_two_processes_that_start_at_once_add_each_instance_once(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    processes = await asyncio.gather(*(writer(path, 150) for _ in range(2)))
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [error for _, error in outputs] == [b"", b""]
    told = Counter(line.split()[0] for output, _ in outputs for line in output.decode().splitlines())
    assert told == {"added": 150, "identical": 150}
    index = await SqliteIndex.open(path)
    assert [match.number_of_instances for match in await index.search_studies(STUDIES)] == [150]
    await assert_whole(index)
    await index.close()


async def test_the_blobs_that_two_processes_replace_at_once_are_all_written_down(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    processes = await asyncio.gather(*(writer(path, 150, content, REPLACE) for content in "ab"))
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert [error for _, error in outputs] == [b"", b""]
    offered = {record(1, n % 3, n, content=content).blob_key for n in range(150) for content in "ab"}
    index = await SqliteIndex.open(path)
    replaced = await unneeded_blobs(index)
    assert len(replaced) == 150
    assert await index.known_blob_keys(offered) == offered - replaced
    await assert_whole(index)
    await index.close()


async def test_a_study_that_one_process_deletes_while_another_adds_to_it_is_counted_exactly(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = await SqliteIndex.open(path)
    process = await writer(path, 200)
    ended = asyncio.create_task(process.communicate())
    deleted = 0
    scopes = [key(1), key(1, 1), key(1, 2)]
    while not ended.done():
        deleted += await index.delete(scopes[deleted % 3])
    output, errors = await ended
    assert errors == b""
    assert [line.split()[0] for line in output.decode().splitlines()] == ["added"] * 200
    unneeded = await unneeded_blobs(index)
    assert deleted == len(unneeded) > 0
    offered = {record(1, n % 3, n).blob_key for n in range(200)}
    assert await index.known_blob_keys(offered) == offered - unneeded
    await assert_whole(index)
    await index.close()


async def test_what_a_killed_process_was_told_is_stored_is_there(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    process = await writer(path, 100_000)
    assert process.stdout is not None
    told = [int((await process.stdout.readline()).split()[1]) for _ in range(50)]
    process.kill()
    rest, _ = await process.communicate()
    told += [int(line.split()[1]) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    index = await SqliteIndex.open(path)
    for number in told:
        assert await index.instance(key(1, number % 3, number)) is not None
    await assert_whole(index)
    assert await index.add([record(1, 0, 1_000_000)]) == [Addition(Outcome.ADDED, key(1, 0, 1_000_000))]
    await index.close()
