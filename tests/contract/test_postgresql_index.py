"""The contract, kept by the index in a PostgreSQL database."""

from collections.abc import AsyncIterator

import pytest

from storage.index.postgresql import PostgresqlIndex
from storage.index.protocol import Index
from tests.contract.index_contract import IndexContract


class TestPostgresqlIndex(IndexContract):
    @pytest.fixture
    async def index(self, postgresql_url: str) -> AsyncIterator[Index]:
        index = await PostgresqlIndex.open(postgresql_url, connections=5)
        yield index
        await index.close()
