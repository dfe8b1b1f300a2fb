"""Instances are replaced while others read them: all of the old bytes, or all of the new ones, and never an error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from app.services.archive import Archive
from app.services.bulk_data import find_bulk_value
from app.services.errors import ResourceNotFound
from app.services.frames import find_frames
from app.services.retrieve import find_instances, instance_content
from storage.placement import Placement
from storage.records import Addition, DuplicatePolicy, InstanceRecord, StoredInstance
from storage.resource import ResourceKey
from tests.examples import NATIVE, new_instance, part10
from tests.unit.app.services.archives import instance_files, opened, store

BIG_ENDIAN = "MR_small_bigendian.dcm"
VERSIONS = 24
UIDS = {keyword: generate_uid() for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
KEY = ResourceKey(*UIDS.values())

Reader = Callable[[Archive], Awaitable[bytes]]


def version(number: int) -> tuple[bytes, bytes]:
    """A file, every other one big endian, and its pixels of 16 bits in little endian order, all of value ``number``."""
    name = BIG_ENDIAN if number % 2 else NATIVE
    data_set = new_instance(name, **UIDS)
    pixels = data_set.Rows * data_set.Columns
    data_set.PixelData = number.to_bytes(2, "big" if number % 2 else "little") * pixels
    return part10(data_set), number.to_bytes(2, "little") * pixels


async def joined(chunks: AsyncIterator[bytes | bytearray]) -> bytes:
    """The bytes, with a rest before each chunk in which others change the archive."""
    pieces = []
    async for chunk in chunks:
        await asyncio.sleep(0)
        pieces.append(bytes(chunk))
    return b"".join(pieces)


async def read_instance(archive: Archive) -> bytes:
    [instance] = await find_instances(archive, KEY)
    await asyncio.sleep(0)
    return await joined(instance_content(archive, instance).whole())


async def read_frame(archive: Archive) -> bytes:
    frames = await find_frames(archive, KEY, [0])
    await asyncio.sleep(0)
    return await joined(frames.content(0).whole())


async def read_pixel_data(archive: Archive) -> bytes:
    value = await find_bulk_value(archive, KEY, "7FE00010")
    await asyncio.sleep(0)
    return await joined((await value.content()).whole())


READERS = read_instance, read_frame, read_pixel_data


async def test_every_reader_gets_the_whole_old_or_the_whole_new_bytes(tmp_path: Path) -> None:
    versions = [version(number) for number in range(VERSIONS)]
    async with opened(tmp_path) as archive:
        await archive.sweep()
        await store(archive, versions[0][0])

        async def replace_again_and_again() -> None:
            for file, _ in versions[1:]:
                await store(archive, file)

        replacing = asyncio.create_task(replace_again_and_again())
        read: set[bytes] = set()
        while not replacing.done():
            read.update(await asyncio.gather(*(reader(archive) for reader in READERS * 3)))
        await replacing
        assert read <= {each for version in versions for each in version}
        assert len(read) > len(READERS)  # several versions, or this would show little
        assert [await reader(archive) for reader in READERS] == [versions[-1][0], versions[-1][1], versions[-1][1]]


@pytest.mark.parametrize(
    ("reader", "look_up"),
    [(read_frame, "frame_index"), (read_frame, "bulk_index"), (read_pixel_data, "bulk_index")],
)
async def test_an_instance_that_is_replaced_between_two_look_ups_is_looked_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader, look_up: str
) -> None:
    (old, _), (new, pixels) = version(1), version(3)
    async with opened(tmp_path) as archive:
        await store(archive, old)
        real = getattr(archive.index, look_up)

        async def replace_first(instance: StoredInstance) -> bytes | None:
            monkeypatch.setattr(archive.index, look_up, real)
            await store(archive, new)
            found: bytes | None = await real(instance)
            return found

        monkeypatch.setattr(archive.index, look_up, replace_first)
        assert await reader(archive) == pixels


@pytest.mark.parametrize("reader", [read_frame, read_pixel_data])
async def test_an_instance_that_is_deleted_between_two_look_ups_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    async with opened(tmp_path) as archive:
        await store(archive, version(1)[0])
        real = archive.index.bulk_index

        async def delete_first(instance: StoredInstance) -> bytes | None:
            await archive.index.delete(KEY)
            return await real(instance)

        monkeypatch.setattr(archive.index, "bulk_index", delete_first)
        with pytest.raises(ResourceNotFound):
            await reader(archive)


async def test_a_report_names_the_instance_that_was_kept_where_it_is(tmp_path: Path) -> None:
    moved = part10(new_instance(SOPInstanceUID=KEY.sop_instance_uid))
    async with opened(tmp_path) as archive:
        await store(archive, version(1)[0])
        report = await store(archive, moved, DuplicatePolicy.KEEP)
        assert [each.key for each in report.stored] == [KEY]


async def test_a_store_that_is_canceled_in_its_commit_is_finished_and_cleaned_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = version(1)
    async with opened(tmp_path) as archive:
        await store(archive, file)
        has_begun, real = asyncio.Event(), archive.index.add

        async def add(
            records: Sequence[InstanceRecord], duplicates: DuplicatePolicy, placement: Placement | None
        ) -> list[Addition]:
            has_begun.set()
            await asyncio.sleep(0)
            return await real(records, duplicates, placement)

        monkeypatch.setattr(archive.index, "add", add)
        storing = asyncio.create_task(store(archive, file))
        await has_begun.wait()
        storing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await storing
        assert instance_files(tmp_path) == [file]
