"""The contract, kept by the index in a SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.index.protocol import Index
from storage.index.sqlite import SqliteIndex
from tests.contract.index_contract import IndexContract
from tests.empty_index import place_empty_index


class TestSqliteIndex(IndexContract):
    @pytest.fixture
    async def index(self, tmp_path: Path) -> AsyncIterator[Index]:
        place_empty_index(tmp_path)
        index = await SqliteIndex.open(tmp_path / "index.sqlite")
        yield index
        await index.close()
