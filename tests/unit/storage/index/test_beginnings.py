"""However a search begins, it finds the same: limits that make small archives be searched as large ones are."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from storage.index import beginnings
from storage.index.sqlite import SqliteIndex
from tests.contract.asking import search
from tests.contract.index_contract import archive, random_query
from tests.contract.plain_index import PlainIndex


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[SqliteIndex]:
    index = await SqliteIndex.open(tmp_path / "index.sqlite")
    yield index
    await index.close()


@pytest.mark.parametrize(("few", "many"), [(0, 0), (2, 5), (5, 2)])
async def test_random_searches_find_what_plain_python_finds(
    index: SqliteIndex, few: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginnings, "FEW", few)
    monkeypatch.setattr(beginnings, "MANY", many)
    random = Random(few)
    records = archive(random)
    await index.add(records)
    plain = PlainIndex(records)
    for _ in range(100):
        asked = random_query(random, records)
        assert await search(index, asked) == plain.search(asked), asked
