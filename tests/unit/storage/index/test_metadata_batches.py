"""Metadata is read in batches that memory can hold, however long the documents are."""

from dataclasses import replace
from pathlib import Path

import pytest

from storage.index.reading import METADATA_BATCH_BYTES
from storage.index.sql_index import METADATA_BATCH
from storage.index.sqlite import SqliteIndex
from tests.contract.records import key, record

LONG = b'{"x":"' + b"y" * (METADATA_BATCH_BYTES // 3) + b'"}'
LONGER = b'{"x":"' + b"z" * (2 * METADATA_BATCH_BYTES) + b'"}'


@pytest.mark.parametrize(
    "documents",
    [
        [b"{}"] * (METADATA_BATCH + 3),
        [b"{}"] * METADATA_BATCH,
        [LONG] * 7,
        [LONG] * 3,
        [LONGER] * 3,
        [b"{}", LONGER, b"{}", LONG, LONG, LONG, b"{}"],
    ],
)
async def test_a_batch_is_bounded_in_number_and_in_bytes(data_folder: Path, documents: list[bytes]) -> None:
    index = await SqliteIndex.open(data_folder / "index.sqlite")
    try:
        records = [replace(record(1, 1, number), metadata=document) for number, document in enumerate(documents)]
        await index.add(records)
        batches = [batch async for batch in index.metadata(key(1))]
    finally:
        await index.close()
    assert [document for batch in batches for document in batch] == documents
    for batch in batches:
        assert 0 < len(batch) <= METADATA_BATCH
        assert sum(map(len, batch[:-1])) < METADATA_BATCH_BYTES
