"""Instances as one zip archive, made while it is sent: a plain tree of stored files (PS3.18 8.7.3.1)."""

import asyncio
from collections.abc import Sequence

from zipstream import ZipStream  # type: ignore[import-untyped]

from app.services.archive import Archive
from app.services.content import Chunks, in_worker
from app.services.retrieve import instance_content
from app.workers import run_cpu
from storage.records import StoredInstance


def zip_archive(archive: Archive, instances: Sequence[StoredInstance]) -> tuple[int, Chunks]:
    """The length of the archive in bytes, and its bytes; what it holds is not compressed, as pixels are already.

    Checksums stand behind each file, so that no file need be read twice or held. Of the time of writing that is in it,
    two archives of the same instances differ.
    """
    writer = ZipStream(sized=True)
    loop = asyncio.get_running_loop()
    for instance in instances:
        uids = instance.key.study_instance_uid, instance.key.series_instance_uid, instance.key.sop_instance_uid
        name = "/".join(map(str, uids)) + ".dcm"
        writer.add(in_worker(instance_content(archive, instance).whole(), loop), name, size=instance.size)
    return len(writer), _written(writer)


async def _written(writer: ZipStream) -> Chunks:
    pieces = iter(writer)
    while (piece := await run_cpu(next, pieces, None)) is not None:
        yield piece
