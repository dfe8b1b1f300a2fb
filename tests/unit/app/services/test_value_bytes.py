"""Bytes of a value, checked against slices of the data set."""

from pathlib import Path

import pytest

from app.dicom.store_report import StoredInstanceReference
from app.services.archive import Archive
from app.services.value_bytes import read_value, value_content
from storage.blobs.protocol import CHUNK_BYTES
from storage.records import StoredInstance
from storage.resource import ByteRange
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import opened, store


async def stored(archive: Archive, file: bytes) -> StoredInstance:
    [outcome] = (await store(archive, file)).outcomes
    assert isinstance(outcome, StoredInstanceReference)
    return await archive.instance(outcome.key)


@pytest.mark.parametrize(("start", "stop"), [(0, None), (1, -1), (7, 8), (14_999, 2_000_000), (-30, None)])
async def test_any_run_of_a_value_is_that_of_the_file(tmp_path: Path, start: int, stop: int | None) -> None:
    data = part10(new_instance(PixelData=bytes(range(250)) * 12_000))
    value = ByteRange(1_001, 1_001 + 2 * CHUNK_BYTES)
    whole = data[value.start : value.stop]
    begin, end, _ = slice(start, stop).indices(len(whole))
    async with opened(tmp_path) as archive:
        instance = await stored(archive, data)
        content = value_content(archive, instance, value, None)
        read = b"".join([chunk async for chunk in content.stream(ByteRange(begin, end))])
        assert await read_value(archive, instance, value, None) == whole
    assert content.length == len(whole)
    assert read == whole[begin:end]


async def test_of_a_deflated_data_set_the_inflated_bytes_are_counted(tmp_path: Path) -> None:
    instance = new_instance("image_dfl.dcm")
    data = part10(instance)
    deflated_from = 144 + int.from_bytes(data[140:144], "little")  # (0002,0000) is before all others
    pixels = bytes(instance.PixelData)
    async with opened(tmp_path) as archive:
        found = await stored(archive, data)
        whole = await read_value(archive, found, ByteRange(0, 2_000), deflated_from)
        start = whole.index(pixels[:64])
        content = value_content(archive, found, ByteRange(start, start + len(pixels)), deflated_from)
        assert b"".join([chunk async for chunk in content.whole()]) == pixels
        assert b"".join([chunk async for chunk in content.stream(ByteRange(100, 9_000))]) == pixels[100:9_000]
