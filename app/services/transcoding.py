"""Frames in another transfer syntax than they are stored in: made on first request, and remembered (PS3.18 8.7.3)."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import orjson

from app.codecs.errors import UndecodableFrame
from app.codecs.frame import can_transcode, transcode
from app.codecs.pixels import Frame, PixelDescription
from app.services.archive import Archive
from app.services.content import Content
from app.services.decoding import run_on_frame
from app.services.errors import ResourceNotFound
from app.services.frames import InstanceFrames, frames_of_form
from app.services.spool import Spool
from app.workers import run_cpu
from storage.byte_cache import ByteCache
from storage.cache import RecentlyUsed
from storage.records import StoredInstance
from storage.resource import ByteRange

CACHE_BYTES = 256 << 20
"""Bytes of frames remembered, where nothing else is said."""

INSTANCES_BYTES = 128 << 20
"""Bytes of whole instances remembered for clients that read them range by range; of one, a quarter at the most."""

FRAMES_AHEAD = os.cpu_count() or 1
"""Frames of a request in work at a time; memory is bounded by so many and one."""

DESCRIPTIONS_KEPT = 4096
"""Pixel descriptions of instances held in memory, some 200 bytes each."""


@dataclass(frozen=True, slots=True)
class _FrameKey:
    """A blob never changes, so neither does a frame of it in a transfer syntax."""

    blob_key: str
    frame: int
    transfer_syntax_uid: str


class Transcoder:
    """Gives frames in any transfer syntax that ``app.codecs`` knows; requests for the same frame share the work."""

    def __init__(self, archive: Archive, cache_bytes: int = CACHE_BYTES) -> None:
        self._archive = archive
        self.cache: ByteCache[Frame] = ByteCache(cache_bytes, lambda frame: len(frame.data))
        self.instances: ByteCache[Content] = ByteCache(INSTANCES_BYTES, lambda content: content.length)
        self._descriptions: RecentlyUsed[str, PixelDescription] = RecentlyUsed(DESCRIPTIONS_KEPT)

    async def describe(self, instance: StoredInstance) -> PixelDescription:
        """What the pixels of an instance are. Raises ResourceNotFound when it is gone, UndecodableFrame."""
        known = self._descriptions.get(instance.blob_key)
        if known is not None:
            return known
        documents = await anext(self._archive.index.metadata(instance.key), None)
        # The document must be that of the instance that was looked up, not of one that has replaced it since.
        if documents is None or await self._archive.index.instance(instance.key) != instance:
            raise ResourceNotFound(f"no such instance any more: {instance.key.path}")
        pixels = await run_cpu(_describe, documents[0])
        self._descriptions.put(instance.blob_key, pixels)
        return pixels

    async def possible(self, instance: StoredInstance, targets: Iterable[str]) -> set[str]:
        """The transfer syntaxes, of some, that frames of an instance can be made in."""
        try:
            pixels = await self.describe(instance)
        except UndecodableFrame:
            return set()
        return {uid for uid in targets if can_transcode(instance.transfer_syntax_uid, uid, pixels)}

    async def frame(self, frames: InstanceFrames, frame: int, target_uid: str) -> Frame:
        """A frame, counted from 0, in the transfer syntax ``target_uid``; native pixels are little endian.

        Raises TranscodingNotPossible, UndecodableFrame, ResourceNotFound.
        """
        key = _FrameKey(frames.instance.blob_key, frame, target_uid)
        return await self.cache.get(key, partial(self.new_frame, frames, frame, target_uid))

    async def contents(self, frames: InstanceFrames, numbers: Sequence[int], target_uid: str) -> list[Content]:
        """Several frames, as ``frame`` makes one. All of them are made before this returns, so that all can fail.

        Those that were made when the instance was stored are read as they are.
        """
        ready = await frames_of_form(self._archive, frames.instance, target_uid)
        if ready is not None:
            return [ready.content(number) for number in numbers]
        if len(numbers) == 1:
            return [Content.of((await self.frame(frames, numbers[0], target_uid)).data)]

        async def data(number: int) -> bytes:
            return (await self.frame(frames, number, target_uid)).data

        spool, ends = Spool(), [0]
        async for made in in_order(data, numbers):
            await spool.write(made)
            ends.append(ends[-1] + len(made))
        return [spool.content().cut(ByteRange(start, stop)) for start, stop in pairwise(ends)]

    async def new_frame(self, frames: InstanceFrames, frame: int, target_uid: str) -> Frame:
        """The same, but made anew and not remembered: for all frames of an instance in a row."""
        pixels = await self.describe(frames.instance)
        data = b"".join([chunk async for chunk in frames.content(frame).whole()])
        instance = frames.instance
        try:
            stored_uid = instance.transfer_syntax_uid
            return await run_on_frame(instance, frame, transcode, data, stored_uid, target_uid, pixels)
        except UndecodableFrame as error:
            raise UndecodableFrame(f"Frame {frame + 1} of {instance.key.sop_instance_uid}: {error}") from error


async def in_order(get: Callable[[int], Awaitable[bytes]], numbers: Iterable[int]) -> AsyncIterator[bytes]:
    """Frames one after the other, of which some are made ahead."""
    ahead: deque[asyncio.Future[bytes]] = deque()
    try:
        for number in numbers:
            ahead.append(asyncio.ensure_future(get(number)))
            if len(ahead) > FRAMES_AHEAD:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for future in ahead:
            future.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


def _describe(document: bytes) -> PixelDescription:
    return PixelDescription.from_metadata(orjson.loads(document))
