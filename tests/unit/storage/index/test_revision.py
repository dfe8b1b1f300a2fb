"""A revision changes with what is stored under a key, and only then."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from storage.index.sqlite import SqliteIndex
from storage.records import DuplicatePolicy
from storage.resource import ResourceKey
from tests.contract.records import key, record


@pytest.fixture
async def index(data_folder: Path) -> AsyncIterator[SqliteIndex]:
    """An empty index."""
    opened = await SqliteIndex.open(data_folder / "index.sqlite")
    yield opened
    await opened.close()


async def test_nothing_stored_has_no_revision(index: SqliteIndex) -> None:
    await index.add([record(1, 1, 1)])
    for unknown in (key(2), key(1, 2), key(1, 1, 2), key(2, 1), key(2, 1, 1)):
        assert await index.revision(unknown) is None


async def test_the_archive_as_a_whole_has_none(index: SqliteIndex) -> None:
    with pytest.raises(ValueError, match="archive"):
        await index.revision(ResourceKey())


async def test_a_revision_is_new_exactly_when_what_is_stored_below_is_new(index: SqliteIndex) -> None:
    """Random additions, deletions and replacements in two series; what is stored is compared by its documents."""
    random = Random(11)
    keys = [key(1), key(1, 1), key(1, 2), *(key(1, 1 + number % 2, number) for number in range(6))]
    seen: dict[ResourceKey, dict[bytes | None, list[bytes]]] = {each: {} for each in keys}
    before: dict[ResourceKey, bytes | None] = dict.fromkeys(keys)
    for step in range(120):
        number = random.randrange(6)
        name = key(1, 1 + number % 2, number)
        if random.random() < 0.4:
            await index.delete(name)
        else:
            new = record(1, 1 + number % 2, number)
            digest = bytes([step % 256]) * 32
            await index.add(
                [replace(new, blob_key=str(step), sha256=digest, metadata=b"%d" % step)], DuplicatePolicy.REPLACE
            )
        for each in keys:
            documents = [document async for batch in index.metadata(each) for document in batch]
            revision = await index.revision(each)
            assert seen[each].setdefault(revision, documents) == documents
            if revision != before[each]:
                assert list(seen[each].values()).count(documents) == 1
            before[each] = revision
