"""Instances as rendering sees them: their attributes and the bulk values it looks at, read once for many frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import orjson
from pydicom.datadict import tag_for_keyword

from app.dicom.bulk_index import BulkIndex
from app.rendering.attributes import FrameAttributes
from app.rendering.kind import Kind, kind_of
from app.services.archive import Archive
from app.services.bulk_data import InstanceBulkValue
from app.services.content import Content
from app.services.errors import ResourceNotFound
from app.services.frames import InstanceFrames, find_frames
from app.workers import run_cpu
from storage.byte_cache import ByteCache
from storage.records import StoredInstance
from storage.resource import ByteRange, ResourceKey

VALUES_BYTES = 48 << 20
"""Bytes of bulk values read of one instance at most: many times what look-up tables, overlays and an ECG need."""

PARSED_AT_ONCE = 1 << 16
"""Bytes of a document that are parsed where they are; longer ones, in a worker."""

_BYTES_PER_CHARACTER = 8
"""What a parsed document takes in memory for each byte of its text, about."""

_BYTES_PER_FRAME = 16
"""Of the index of frames."""

_COLORS = ("RedPalette", "GreenPalette", "BluePalette")
_SHOWN_VALUES = frozenset(
    f"{tag_for_keyword(keyword):08X}"
    for keyword in (
        "LUTData",
        "ICCProfile",
        "WaveformData",
        *(f"{color}ColorLookupTableData" for color in _COLORS),
        *(f"Segmented{color}ColorLookupTableData" for color in _COLORS),
    )
)
"""Tags of the attributes that rendering looks at and that may be bulk data."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownInstance:
    """An instance to be shown. ``values`` are its bulk values by BulkDataURI; ``frames`` are those of images."""

    instance: StoredInstance
    document: Mapping[str, Mapping[str, object]]
    values: Mapping[str, bytes]
    frames: InstanceFrames | None
    kind: Kind
    held_bytes: int

    @property
    def number_of_frames(self) -> int:
        """How many frames there are, which is not always what the instance says."""
        return self.frames.index.number_of_frames if self.frames else 0

    def attributes(self, frame: int = 0) -> FrameAttributes:
        """What describes a frame, counted from 0."""
        return FrameAttributes(self.document, self._resolve, frame)

    def _resolve(self, uri: str) -> bytes:
        return self.values.get(uri, b"")


class _Gone(Exception):
    """The instance was deleted or replaced while it was read."""


class ShownInstances:
    """Finds instances to be shown; those of a short while ago are remembered under their blob key."""

    def __init__(self, archive: Archive, held_bytes: int) -> None:
        """``held_bytes`` is about how much memory those may take that are remembered."""
        self._archive = archive
        self._held: ByteCache[ShownInstance] = ByteCache(held_bytes, lambda shown: shown.held_bytes)

    async def find(self, key: ResourceKey) -> ShownInstance:
        """An instance. Raises ResourceNotFound."""
        return await self._archive.find(key, self._look_up)

    async def _look_up(self, instance: StoredInstance) -> ShownInstance | None:
        try:
            return await self._held.get(instance.blob_key, partial(self._load, instance))
        except _Gone:
            return None

    async def _load(self, instance: StoredInstance) -> ShownInstance:
        text = await anext(self._archive.index.metadata(instance.key), [b""])
        values = await self._values(instance)
        # The document must be that of the instance that was looked up, not of one that has replaced it since.
        if await self._archive.index.instance(instance.key) != instance:
            raise _Gone
        document = await _parsed(text[0])
        shown = ShownInstance(instance, document, values, None, Kind.NOTHING, 0)
        kind = kind_of(shown.attributes(), instance.transfer_syntax_uid)
        frames = await self._frames(instance) if kind in {Kind.IMAGE, Kind.VIDEO} else None
        if kind in {Kind.IMAGE, Kind.VIDEO} and frames is None:
            kind = Kind.NOTHING
        count = frames.index.number_of_frames if frames else 0
        held = len(text[0]) * _BYTES_PER_CHARACTER + sum(map(len, values.values())) + count * _BYTES_PER_FRAME
        return ShownInstance(instance, document, values, frames, kind, held)

    async def _frames(self, instance: StoredInstance) -> InstanceFrames | None:
        """The frames of an image; None when its pixel data is empty."""
        try:
            frames = await find_frames(self._archive, instance.key)
        except ResourceNotFound:
            return None
        if frames.instance != instance:
            raise _Gone
        return frames

    async def _values(self, instance: StoredInstance) -> dict[str, bytes]:
        """The bulk values that rendering looks at, the last one cut off where they are too long."""
        index = BulkIndex.from_bytes(await self._archive.index.bulk_index(instance) or b"")
        values, room = {}, VALUES_BYTES
        for path, value in index.values.items():
            if not _is_shown(path) or len(value.byte_range) == 0 or room == 0:
                continue
            content = await InstanceBulkValue(self._archive, instance, value, index.deflated_from).content()
            data = await read(content.cut(ByteRange(0, min(content.length, room))))
            values[f"{instance.key.path}/bulkdata/{path}"] = data
            room -= len(data)
        return values


async def read(content: Content) -> bytes:
    """The bytes of a content in memory."""
    return b"".join([chunk async for chunk in content.whole()])


def _is_shown(path: str) -> bool:
    """Whether rendering looks at the attribute at a path: those of overlays are a repeating group (PS3.5 7.6)."""
    tag = path[-8:]
    return tag in _SHOWN_VALUES or (tag.startswith("60") and tag.endswith("3000"))


async def _parsed(text: bytes) -> Mapping[str, Mapping[str, object]]:
    parse = partial(orjson.loads, text)
    document: Mapping[str, Mapping[str, object]] = await run_cpu(parse) if len(text) > PARSED_AT_ONCE else parse()
    return document
