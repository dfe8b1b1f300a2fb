"""RetrieveRendered and Thumbnail: pictures and documents made on request, and remembered (PS3.18 10.4.1.1.3, .4)."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from app.codecs.errors import CannotTranscode
from app.codecs.pixels import MAX_FRAME_BYTES
from app.rendering.encode import ENCODERS
from app.rendering.errors import NotRenderable
from app.rendering.icon import icon_label
from app.rendering.kind import Kind
from app.rendering.options import RenderOptions
from app.rendering.parameters import DEFAULT_THUMBNAIL
from app.rendering.picture import Picture
from app.rendering.presentation_state import referenced_images
from app.services.archive import Archive
from app.services.bulk_data import ENCAPSULATED_DOCUMENT, find_bulk_value
from app.services.cine import CINE_MEDIA_TYPES, GIF, CineLimits, CineMaker
from app.services.content import Content
from app.services.decoding import run_on_frame
from app.services.errors import ResourceNotFound
from app.services.representatives import Representatives
from app.services.shown_instance import ShownInstance, ShownInstances, read
from app.services.subject import (
    DOCUMENT_WRITERS,
    Subject,
    document_media_types,
    draw,
    draw_icon,
    each_frame,
    inline_document,
    picture_of,
    presented_by,
    write_document,
)
from app.services.video import MP4, VIDEO_HEAD_BYTES, video_media_type
from app.workers import run_cpu
from storage.byte_cache import ByteCache
from storage.resource import ByteRange, ResourceKey

RENDERINGS_AT_A_TIME = (os.cpu_count() or 1) + 1
"""One more than can be worked on: the next frame is read meanwhile, and no more than that is in memory."""

R = TypeVar("R")

MAX_REFERENCED_IMAGES = 10_000
"""Images of a presentation state that are looked for at most."""


@dataclass(frozen=True, slots=True)
class RenderingPolicy:
    """``cache_bytes`` of results are remembered, and about ``held_bytes`` of what describes instances.

    ``animation_…`` bound one animation, and ``video_…`` one video. ``overlays`` tells whether overlays
    are drawn without being asked for.
    """

    cache_bytes: int
    held_bytes: int
    animation_frames: int
    animation_pixels: int
    video_frames: int
    video_pixels: int
    overlays: bool


class Renderer:
    """Makes what is asked for, each once however many ask for it; a bounded number at a time."""

    def __init__(self, archive: Archive, policy: RenderingPolicy) -> None:
        self._archive = archive
        self.policy = policy
        self.representatives = Representatives(archive)
        self._instances = ShownInstances(archive, policy.held_bytes)
        self.cache: ByteCache[bytes] = ByteCache(policy.cache_bytes, len)
        self._places = asyncio.Semaphore(RENDERINGS_AT_A_TIME)
        limits = {
            GIF: CineLimits(policy.animation_frames, policy.animation_pixels),
            MP4: CineLimits(policy.video_frames, policy.video_pixels),
        }
        self._cines = CineMaker(limits, self._picture)

    async def find(self, key: ResourceKey) -> ShownInstance:
        """An instance. Raises ResourceNotFound."""
        return await self._instances.find(key)

    async def find_frames(self, key: ResourceKey, frames: Sequence[int]) -> list[Subject]:
        """Frames of an instance, counted from 0. Raises ResourceNotFound, and NotRenderable for those of videos."""
        shown = await self.find(key)
        if shown.kind is Kind.VIDEO:
            raise NotRenderable("Frames of a video are not rendered; the video can be had as a whole.")
        for frame in frames:
            if frame >= shown.number_of_frames:
                count = shown.number_of_frames
                raise ResourceNotFound(f"the instance has {count} frames, there is no frame {frame + 1}")
        return [Subject(shown, frame) for frame in frames]

    async def subjects(self, keys: Iterable[ResourceKey]) -> AsyncIterator[Subject]:
        """What is to be shown of instances, one after the other; of those that are gone, nothing."""
        for key in keys:
            try:
                shown = await self.find(key)
            except ResourceNotFound:
                continue
            if shown.kind is Kind.PRESENTATION_STATE:
                async for subject in self.presented(shown):
                    yield subject
            else:
                yield Subject(shown)

    async def presented(self, state: ShownInstance) -> AsyncIterator[Subject]:
        """The images that a presentation state is for, as it wants them to be shown; those that are stored."""
        for reference in referenced_images(state.attributes())[:MAX_REFERENCED_IMAGES]:
            study = state.instance.key.study_instance_uid
            key = ResourceKey(study, reference.series_instance_uid, reference.sop_instance_uid)
            try:
                shown = await self.find(key)
            except ResourceNotFound:
                continue
            if shown.kind is Kind.IMAGE:
                for subject in presented_by(state, shown, reference):
                    yield subject

    async def media_types(self, subject: Subject, *, is_cine: bool = False) -> Sequence[str]:
        """The media types of what can be made, the default first. Raises NotRenderable when there is nothing.

        ``is_cine`` tells that the subject stands for many that can be shown one after the other.
        """
        kind = subject.shown.kind
        media_types: Sequence[str] = ()
        if kind is Kind.IMAGE and (is_cine or _moves(subject)):
            media_types = tuple(dict.fromkeys((*ENCODERS, *CINE_MEDIA_TYPES)))
        elif kind in {Kind.IMAGE, Kind.WAVEFORM}:
            media_types = tuple(ENCODERS)
        elif kind is Kind.REPORT:
            media_types = tuple(DOCUMENT_WRITERS)
        elif kind is Kind.VIDEO:
            media_types = await self._video_media_types(subject.shown)
        elif kind is Kind.DOCUMENT:
            media_types = document_media_types(subject.shown)
        if not media_types:
            raise NotRenderable(f"There is no picture or text of {subject.shown.instance.key.path}.")
        return media_types

    async def content(self, subject: Subject, media_type: str, options: RenderOptions) -> Content:
        """What is shown, in one of its media types; several frames in image/gif and video/mp4 move.

        Raises NotRenderable, CannotTranscode, InvalidRenderingParameter, ResourceNotFound.
        """
        shown = subject.shown
        if shown.kind is Kind.DOCUMENT:
            return await self._document(shown)
        if shown.kind is Kind.VIDEO and shown.frames is not None:
            return shown.frames.content(0)
        if media_type in DOCUMENT_WRITERS:
            make = partial(run_cpu, write_document, shown, media_type, options)
            return await self._result((shown.instance.blob_key, media_type, options), make)
        if media_type in CINE_MEDIA_TYPES and _moves(subject):
            return await self._cine(each_frame(subject, self._cines.most_frames(media_type) + 1), media_type, options)
        return await self._image(subject, media_type, options)

    async def thumbnail(self, subject: Subject, media_type: str, options: RenderOptions) -> Content:
        """A small still picture; an icon where nothing can be rendered. Raises InvalidRenderingParameter."""
        if subject.shown.kind in {Kind.IMAGE, Kind.WAVEFORM}:
            try:
                return await self._image(subject, media_type, options)
            except (NotRenderable, CannotTranscode):
                pass
        label, viewport = icon_label(subject.shown.attributes()), options.viewport or DEFAULT_THUMBNAIL
        make = partial(run_cpu, draw_icon, label, viewport, media_type)
        return await self._result((label, viewport, media_type), make)

    async def cine(self, key: ResourceKey, media_type: str, options: RenderOptions) -> Content:
        """The images of a series, or of a study's first series of images, one after the other.

        Raises NotRenderable when there are too many, and for a video of a single frame.
        """
        beyond = self._cines.most_frames(media_type) + 1
        keys = await self.representatives.instances(key)
        # Each instance has a frame at least: too many need not be read to be counted.
        self._cines.check(len(keys), media_type)
        subjects: list[Subject] = []
        async for subject in self.subjects(keys):
            if subject.shown.kind is Kind.IMAGE and len(subjects) < beyond:
                subjects += each_frame(subject, beyond)
        if media_type == MP4 and len(subjects) == 1:
            raise NotRenderable("A single frame is no video.")
        return await self._cine(subjects, media_type, options)

    async def _cine(self, subjects: Sequence[Subject], media_type: str, options: RenderOptions) -> Content:
        key = tuple(subject.name for subject in subjects)
        make = partial(self._cines.make, subjects, media_type, options)
        return await self._result((key, media_type, options), make)

    async def _document(self, shown: ShownInstance) -> Content:
        inline = inline_document(shown)
        if inline:
            return Content.of(inline)
        return await (await find_bulk_value(self._archive, shown.instance.key, ENCAPSULATED_DOCUMENT)).content()

    async def _image(self, subject: Subject, media_type: str, options: RenderOptions) -> Content:
        make = partial(self._encoded, subject, media_type, options)
        return await self._result((subject.name, media_type, options), make)

    async def _result(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> Content:
        return Content.of(await self.cache.get(key, make))

    async def _encoded(self, subject: Subject, media_type: str, options: RenderOptions) -> bytes:
        async with self._places:
            return await self._work(draw, subject, media_type, options)

    async def _picture(self, subject: Subject, options: RenderOptions) -> Picture:
        async with self._places:
            return await self._work(picture_of, subject, options)

    async def _work(self, function: Callable[..., R], subject: Subject, *args: object) -> R:
        """Run what draws a subject from its stored frame."""
        data = await self._frame_bytes(subject)
        return await run_on_frame(subject.shown.instance, subject.still, function, subject.detached, data, *args)

    async def _frame_bytes(self, subject: Subject) -> bytes:
        """The stored bytes of a frame; none of what has no frames."""
        if subject.shown.frames is None:
            return b""
        content = subject.shown.frames.content(subject.still)
        if content.length > MAX_FRAME_BYTES:
            raise NotRenderable(f"A frame of more than {MAX_FRAME_BYTES >> 20} MB is not rendered.")
        return await read(content)

    async def _video_media_types(self, shown: ShownInstance) -> Sequence[str]:
        """What the stored stream is, when it is something that a player takes as it is."""
        if shown.frames is None:
            return ()
        stream = shown.frames.content(0)
        head = await read(stream.cut(ByteRange(0, min(VIDEO_HEAD_BYTES, stream.length))))
        media_type = video_media_type(head)
        return (media_type,) if media_type else ()


def _moves(subject: Subject) -> bool:
    """Whether several frames are shown."""
    return subject.frame is None and subject.shown.number_of_frames > 1
