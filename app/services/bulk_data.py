"""RetrieveBulkdata: the value of one attribute, as the metadata's BulkDataURI names it (PS3.18 10.4.1.1.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import orjson

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.character_set import decode
from app.dicom.native_bytes import swap_words, whole_words
from app.services.archive import Archive
from app.services.content import Chunks, Content
from app.services.errors import ResourceNotFound
from app.services.frames import PIXEL_DATA
from app.services.value_bytes import read_value, value_content
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ByteRange, ResourceKey

ENCAPSULATED_DOCUMENT, ENCAPSULATED_DOCUMENT_LENGTH = "00420011", "00420015"
MIME_TYPE_OF_ENCAPSULATED_DOCUMENT = "00420012"


@dataclass(frozen=True, slots=True)
class InstanceBulkValue:
    """A bulk value of an instance."""

    archive: Archive
    instance: StoredInstance
    value: BulkValue
    deflated_from: int | None
    media_type: str | None = None
    """What an encapsulated document says of itself."""

    async def content(self) -> Content:
        """The bytes of the value: numbers little endian, text in UTF-8 (PS3.18 F.2.2)."""
        value = self.value
        if value.encodings:
            stored = await read_value(self.archive, self.instance, value.byte_range, self.deflated_from)
            return Content.of((await run_cpu(decode, stored, value.encodings)).encode())
        content = value_content(self.archive, self.instance, value.byte_range, self.deflated_from)
        if value.word_size == 1:
            return content
        return Content(content.length, partial(_swapped, content, value.word_size))


async def find_bulk_value(archive: Archive, key: ResourceKey, path: str) -> InstanceBulkValue:
    """The value at an attribute path such as ``00420011`` or ``00480105/0/00282000``. Raises ResourceNotFound."""
    return await archive.find(key, partial(_look_up, archive, path))


async def _look_up(archive: Archive, path: str, instance: StoredInstance) -> InstanceBulkValue | None:
    """The value at the path; None when the instance is gone. Raises ResourceNotFound when it has no such value."""
    index = await bulk_index(archive, instance)
    if index is None:
        return None
    value = index.find(path)
    if value is None:
        raise ResourceNotFound(f"the instance has no bulk data at {path}")
    if path == ENCAPSULATED_DOCUMENT:
        return await _document(archive, instance, value, index.deflated_from)
    return InstanceBulkValue(archive, instance, value, index.deflated_from)


async def bulk_index(archive: Archive, instance: StoredInstance) -> BulkIndex | None:
    """Where the bulk values of an instance are; None when it is gone.

    Encapsulated pixel data in which no frame can be told is the octets of its value field, items and all.
    """
    encoded = await archive.index.bulk_index(instance)
    if encoded is None:
        return None
    index = BulkIndex.from_bytes(encoded)
    pixels = index.find(PIXEL_DATA)
    if pixels is None or not pixels.encapsulated or await archive.index.frame_index(instance):
        return index
    octets = replace(pixels, encapsulated=False, word_size=1)
    return replace(index, values={**index.values, PIXEL_DATA: octets})


async def _document(
    archive: Archive, instance: StoredInstance, value: BulkValue, deflated_from: int | None
) -> InstanceBulkValue | None:
    """An encapsulated document without the byte that makes its length even (PS3.3 C.24.2); None when it is gone."""
    document = await anext(archive.index.metadata(instance.key), None)
    if document is None:
        return None
    attributes = orjson.loads(document[0])
    stored = value.byte_range
    if _first(attributes, ENCAPSULATED_DOCUMENT_LENGTH) == len(stored) - 1:
        value = replace(value, byte_range=ByteRange(stored.start, stored.stop - 1))
    media_type = _first(attributes, MIME_TYPE_OF_ENCAPSULATED_DOCUMENT)
    return InstanceBulkValue(archive, instance, value, deflated_from, str(media_type))


def _first(attributes: Mapping[str, Mapping[str, Iterable[object]]], tag: str) -> object:
    """The first value of an attribute, None without one."""
    return next(iter(attributes.get(tag, {}).get("Value", ())), None)


async def _swapped(stored: Content, word_size: int, wanted: ByteRange) -> Chunks:
    """A run of big endian words, made little endian: the words around it are read, then it is cut out."""
    words = whole_words(wanted, 0, word_size)
    position = words.start
    # Chunks are whole words: CHUNK_BYTES is a multiple of every word size, and no deflated data set is big endian.
    async for chunk in stored.stream(ByteRange(words.start, min(words.stop, stored.length))):
        swapped = await run_cpu(swap_words, chunk, word_size)
        yield swapped[max(wanted.start - position, 0) : wanted.stop - position]
        position += len(chunk)
