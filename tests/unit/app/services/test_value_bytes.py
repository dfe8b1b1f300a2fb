"""Bytes by their ranges, checked against slices of the file."""

from pathlib import Path

import pytest

from app.dicom.store_report import StoredInstanceReference
from app.services.archive import Archive
from app.services.value_bytes import ranges_content
from storage.blobs.local import LocalBlobStore
from storage.blobs.protocol import CHUNK_BYTES
from storage.records import StoredInstance
from storage.resource import ByteRange
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import opened, store

FRAGMENTS = 5_000

SHORT = [ByteRange(start, start + 3) for start in range(200, 200 + FRAGMENTS * 11, 11)]
LONG = [ByteRange(100_000, 100_000 + CHUNK_BYTES + 1), ByteRange(2_000_000, 2_000_000 + 3 * CHUNK_BYTES)]
LATE = [ByteRange(6_000_000, 6_000_010), ByteRange(6_000_010, 6_000_020)]


async def stored(archive: Archive, file: bytes) -> StoredInstance:
    [outcome] = (await store(archive, file)).outcomes
    assert isinstance(outcome, StoredInstanceReference)
    return await archive.instance(outcome.key)


@pytest.mark.parametrize(("start", "stop"), [(0, None), (1, -1), (7_000, 7_001), (14_999, 2_000_000), (-30, None)])
async def test_any_run_of_the_ranges_is_that_of_the_file(tmp_path: Path, start: int, stop: int | None) -> None:
    data = part10(new_instance(PixelData=bytes(range(250)) * 26_000))
    ranges = [*SHORT, *LONG, *LATE]
    whole = b"".join(data[each.start : each.stop] for each in ranges)
    begin, end, _ = slice(start, stop).indices(len(whole))
    async with opened(tmp_path) as archive:
        content = ranges_content(archive, await stored(archive, data), ranges, None)
        read = b"".join([chunk async for chunk in content.stream(ByteRange(begin, end))])
    assert content.length == len(whole)
    assert read == whole[begin:end]


async def test_short_ranges_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of thousands of fragments, each read on its own, would take half a minute."""
    reads: list[ByteRange] = []
    read = LocalBlobStore.read

    async def noting(self: LocalBlobStore, key: str, byte_range: ByteRange) -> bytes | bytearray:
        reads.append(byte_range)
        return await read(self, key, byte_range)

    monkeypatch.setattr(LocalBlobStore, "read", noting)
    data = part10(new_instance(PixelData=bytes(range(250)) * 1_000))
    async with opened(tmp_path) as archive:
        content = ranges_content(archive, await stored(archive, data), SHORT, None)
        reads.clear()
        assert sum([len(chunk) async for chunk in content.whole()]) == 3 * FRAGMENTS
    assert len(reads) == 1
