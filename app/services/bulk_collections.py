"""All bulk data, or all pixel data, of a study, series or instance (PS3.18 10.4.1.1.5, 10.4.1.1.7)."""

from collections.abc import AsyncGenerator, Collection, Iterator
from dataclasses import dataclass

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.transfer_syntax import TransferSyntax, transfer_syntax
from app.services.archive import Archive
from app.services.bulk_data import InstanceBulkValue, bulk_index
from app.services.content import Content
from app.services.errors import ResourceNotFound
from app.services.frames import DOUBLE_FLOAT_PIXEL_DATA, FLOAT_PIXEL_DATA, PIXEL_DATA, frames_of
from storage.records import StoredInstance

PIXELS = frozenset({PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA})
"""The attributes that are pixel data (PS3.3 C.7.6.3, C.7.6.24, C.7.6.25)."""


@dataclass(frozen=True, slots=True)
class BulkPart:
    """A bulk value, or a frame of encapsulated pixel data; ``path`` is that of its resource below the DICOMweb root.

    ``syntax`` is the transfer syntax of a frame's codestream, None for a value as uncompressed bytes.
    """

    path: str
    content: Content
    syntax: TransferSyntax | None


async def bulk_syntaxes(
    archive: Archive, instances: Collection[StoredInstance], *, pixels_alone: bool
) -> set[TransferSyntax | None]:
    """The transfer syntaxes in which ``bulk_parts`` will be; none when there are no parts."""
    return {
        transfer_syntax(instance.transfer_syntax_uid) if value.encapsulated else None
        for instance in instances
        for _, value in _wanted(await _index(archive, instance), pixels_alone)
    }


async def bulk_parts(
    archive: Archive, instances: Collection[StoredInstance], *, pixels_alone: bool
) -> AsyncGenerator[BulkPart]:
    """Every bulk value of the instances, each frame of encapsulated pixel data by itself (PS3.18 8.7.3.3.2).

    They are found as they are asked for: the frames of one instance alone can be a hundred thousand.
    """
    for instance in instances:
        index = await _index(archive, instance)
        for path, value in _wanted(index, pixels_alone):
            if value.encapsulated:
                async for part in _frames(archive, instance):
                    yield part
            else:
                found = InstanceBulkValue(archive, instance, value, index.deflated_from)
                yield BulkPart(f"{instance.key.path}/bulkdata/{path}", await found.content(), None)


async def _frames(archive: Archive, instance: StoredInstance) -> AsyncGenerator[BulkPart]:
    found = await frames_of(archive, instance)
    if found is None:
        raise ResourceNotFound(f"deleted meanwhile: {instance.key.path}")
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    for frame in range(found.index.number_of_frames):
        yield BulkPart(f"{instance.key.path}/frames/{frame + 1}", found.content(frame), syntax)


async def _index(archive: Archive, instance: StoredInstance) -> BulkIndex:
    """Where the bulk values of an instance are. Raises ResourceNotFound when it is gone: no silence on that."""
    index = await bulk_index(archive, instance)
    if index is None:
        raise ResourceNotFound(f"deleted meanwhile: {instance.key.path}")
    return index


def _wanted(index: BulkIndex, pixels_alone: bool) -> Iterator[tuple[str, BulkValue]]:
    return ((path, value) for path, value in index.values.items() if not pixels_alone or path in PIXELS)
