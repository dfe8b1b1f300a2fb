"""Of the files in a zip archive those alone are read that a run of its bytes needs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.services.archive import Archive
from app.services.content import Content
from app.services.retrieve import find_instances
from app.services.zip_archive import zip_archive
from storage.resource import ByteRange, ResourceKey
from tests.examples import new_instance, part10
from tests.unit.app.services.archives import opened, store

FILES = 5


class Counting:
    """An archive of a few instances, and how many bytes of their files have been read."""

    def __init__(self, archive: Archive, patch: pytest.MonkeyPatch) -> None:
        self.archive = archive
        self.read = 0
        stream = archive.blobs.stream

        async def counted(key: str, byte_range: ByteRange) -> AsyncIterator[bytes | bytearray]:
            async for chunk in stream(key, byte_range):
                self.read += len(chunk)
                yield chunk

        patch.setattr(archive.blobs, "stream", counted)

    async def zip(self, study: str) -> Content:
        return zip_archive(self.archive, await find_instances(self.archive, ResourceKey(study)))

    async def cost(self, content: Content, byte_range: ByteRange) -> int:
        """Bytes read for a run of bytes."""
        before = self.read
        assert len(await joined(content, byte_range)) == len(byte_range)
        return self.read - before


async def joined(content: Content, byte_range: ByteRange) -> bytes:
    return b"".join([chunk async for chunk in content.stream(byte_range)])


async def test_a_run_reads_what_it_touches_and_the_directory_what_is_not_known_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_instance()
    instances = [first, *(new_instance(StudyInstanceUID=first.StudyInstanceUID) for _ in range(FILES - 1))]
    async with opened(tmp_path) as archive:
        for instance in instances:
            await store(archive, part10(instance))
        counting = Counting(archive, monkeypatch)
        content = await counting.zip(first.StudyInstanceUID)
        sizes = [len(part10(instance)) for instance in instances]  # UIDs are not all of one length
        middle = content.length // 2
        assert await counting.cost(content, ByteRange(middle, middle + 100)) == 100
        # From the middle of the third file to the end: its own checksum, and those of the files before it, are new.
        assert await counting.cost(content, ByteRange(middle, content.length)) <= sum(sizes) + max(sizes)
        # They are remembered, also for the next request.
        assert await counting.cost(content, ByteRange(content.length - 100, content.length)) == 0
        again = await counting.zip(first.StudyInstanceUID)
        assert await counting.cost(again, ByteRange(again.length - 1000, again.length)) == 0
        assert await counting.cost(again, ByteRange(0, again.length)) == sum(sizes)


async def test_its_bytes_are_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    first = new_instance()
    made = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        async with opened(folder) as archive:
            await store(archive, part10(first))
            content = zip_archive(archive, await find_instances(archive, ResourceKey(first.StudyInstanceUID)))
            made.append(await joined(content, ByteRange(0, content.length)))
    assert made[0] == made[1]
