"""RetrieveBulkdata: the value of one attribute, as the metadata's BulkDataURI names it (PS3.18 10.4.1.1.5)."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from functools import partial

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.character_set import decode
from app.dicom.native_bytes import swap_words
from app.services.archive import Archive
from app.services.errors import ResourceNotFound
from app.services.value_bytes import read_ranges, stream_ranges
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ResourceKey


@dataclass(frozen=True, slots=True)
class InstanceBulkValue:
    """A bulk value of an instance."""

    archive: Archive
    instance: StoredInstance
    value: BulkValue
    deflated_from: int | None

    async def body(self) -> tuple[int, AsyncIterator[bytes | bytearray]]:
        """The length in bytes, and the bytes in chunks: numbers little endian, text in UTF-8 (PS3.18 F.2.2)."""
        value = self.value
        if value.encodings:
            stored = await read_ranges(self.archive, self.instance, [value.byte_range], self.deflated_from)
            text = (await run_cpu(decode, stored, value.encodings)).encode()
            return len(text), _once(text)
        chunks = stream_ranges(self.archive, self.instance, [value.byte_range], self.deflated_from)
        # Chunks are whole words: CHUNK_BYTES is a multiple of every word size, and no deflated data set is big endian.
        return len(value.byte_range), _swap(chunks, value.word_size) if value.word_size > 1 else chunks


async def find_bulk_value(archive: Archive, key: ResourceKey, path: str) -> InstanceBulkValue:
    """The value at an attribute path such as ``00420011`` or ``00480105/0/00282000``. Raises ResourceNotFound."""
    return await archive.find(key, partial(_look_up, archive, path))


async def _look_up(archive: Archive, path: str, instance: StoredInstance) -> InstanceBulkValue | None:
    """The value at the path; None when the instance is gone. Raises ResourceNotFound when it has no such value."""
    encoded = await archive.index.bulk_index(instance)
    if encoded is None:
        return None
    index = BulkIndex.from_bytes(encoded)
    value = index.find(path)
    if value is None:
        raise ResourceNotFound(f"the instance has no bulk data at {path}")
    return InstanceBulkValue(archive, instance, value, index.deflated_from)


async def _swap(chunks: AsyncGenerator[bytes | bytearray], word_size: int) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield await run_cpu(swap_words, chunk, word_size)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
