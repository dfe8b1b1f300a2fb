"""RetrieveStudy, RetrieveSeries, RetrieveInstance: the stored bytes of instances (PS3.18 10.4)."""

from collections.abc import Sequence
from functools import partial

from app.services.archive import Archive
from app.services.content import Content
from app.services.errors import ResourceNotFound
from storage.records import StoredInstance
from storage.resource import ResourceKey


async def find_instances(archive: Archive, key: ResourceKey) -> Sequence[StoredInstance]:
    """Every instance of a study, series or instance, in stored order. Raises ResourceNotFound."""
    if key.sop_instance_uid is not None:
        return [await archive.instance(key)]
    instances = [instance async for batch in archive.index.instances(key) for instance in batch]
    if not instances:
        raise ResourceNotFound(f"nothing is stored under {key.path}")
    return instances


def instance_content(archive: Archive, instance: StoredInstance) -> Content:
    """The file as it is stored."""
    return Content(instance.size, partial(archive.stream, instance))
