"""RetrieveRendered and Thumbnail: pictures and documents made on request, and remembered (PS3.18 10.4.1.1.3, .4)."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from app.codecs.errors import CannotTranscode
from app.codecs.pixels import MAX_FRAME_BYTES
from app.rendering.encode import ENCODERS, encode_animation, frame_milliseconds
from app.rendering.errors import NotRenderable
from app.rendering.icon import icon_label
from app.rendering.kind import Kind
from app.rendering.options import RenderOptions
from app.rendering.parameters import DEFAULT_THUMBNAIL
from app.rendering.picture import Picture
from app.rendering.presentation_state import referenced_images
from app.services.archive import Archive
from app.services.bulk_data import ENCAPSULATED_DOCUMENT, find_bulk_value
from app.services.content import Content
from app.services.errors import ResourceNotFound
from app.services.representatives import Representatives
from app.services.shown_instance import ShownInstance, ShownInstances, read
from app.services.subject import (
    DOCUMENT_WRITERS,
    PDF,
    Subject,
    draw,
    draw_icon,
    each_frame,
    inline_document,
    is_pdf,
    picture_of,
    referenced_frame,
    write_document,
)
from app.services.video import VIDEO_HEAD_BYTES, video_media_type
from app.workers import run_cpu
from storage.byte_cache import ByteCache
from storage.resource import ByteRange, ResourceKey

GIF = "image/gif"

RENDERINGS_AT_A_TIME = (os.cpu_count() or 1) + 1
"""One more than can be worked on: the next frame is read meanwhile, and no more than that is in memory."""

MAX_REFERENCED_IMAGES = 10_000
"""Images of a presentation state that are looked for at most."""


@dataclass(frozen=True, slots=True)
class RenderingPolicy:
    """``cache_bytes`` of results are remembered. ``animation_…`` bound one animation, which is made in memory.

    ``overlays`` tells whether overlays are drawn without being asked for.
    """

    cache_bytes: int
    animation_frames: int
    animation_pixels: int
    overlays: bool


class Renderer:
    """Makes what is asked for, each once however many ask for it; a bounded number at a time."""

    def __init__(self, archive: Archive, policy: RenderingPolicy) -> None:
        self._archive = archive
        self.policy = policy
        self.representatives = Representatives(archive)
        self._instances = ShownInstances(archive)
        self.cache: ByteCache[bytes] = ByteCache(policy.cache_bytes, len)
        self._places = asyncio.Semaphore(RENDERINGS_AT_A_TIME)
        self._animation_place = asyncio.Lock()

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
                yield Subject(shown, referenced_frame(shown, reference), state)

    async def media_types(self, subject: Subject) -> Sequence[str]:
        """The media types of what can be made, the default first. Raises NotRenderable when there is nothing."""
        kind = subject.shown.kind
        media_types: Sequence[str] = ()
        if kind in {Kind.IMAGE, Kind.WAVEFORM}:
            media_types = tuple(ENCODERS)
        elif kind is Kind.REPORT:
            media_types = tuple(DOCUMENT_WRITERS)
        elif kind is Kind.VIDEO:
            media_types = await self._video_media_types(subject.shown)
        elif kind is Kind.DOCUMENT and is_pdf(subject.shown):
            media_types = (PDF,)
        if not media_types:
            raise NotRenderable(f"There is no picture or text of {subject.shown.instance.key.path}.")
        return media_types

    async def content(self, subject: Subject, media_type: str, options: RenderOptions) -> Content:
        """What is shown, in one of its media types; several frames in image/gif move.

        Raises NotRenderable, CannotTranscode, InvalidRenderingParameter, ResourceNotFound.
        """
        shown = subject.shown
        if media_type == PDF:
            return await self._document(shown)
        if shown.kind is Kind.VIDEO and shown.frames is not None:
            return shown.frames.content(0)
        if media_type in DOCUMENT_WRITERS:
            make = partial(run_cpu, write_document, shown, media_type, options)
            return await self._result((shown.instance.blob_key, media_type, options), make)
        if media_type == GIF and subject.frame is None and shown.number_of_frames > 1:
            return await self.animation(each_frame(subject, self.policy.animation_frames + 1), options)
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

    async def cine(self, key: ResourceKey, options: RenderOptions) -> Content:
        """The images of a series, or of a study's first series of images, as ``animation``."""
        keys = await self.representatives.instances(key)
        subjects: list[Subject] = []
        async for subject in self.subjects(keys[: self.policy.animation_frames + 1]):
            if subject.shown.kind is Kind.IMAGE:
                subjects += each_frame(subject, self.policy.animation_frames + 1)
        return await self.animation(subjects, options)

    async def animation(self, subjects: Sequence[Subject], options: RenderOptions) -> Content:
        """All frames one after the other as image/gif. Raises NotRenderable when there are too many."""
        most = self.policy.animation_frames
        if not 0 < len(subjects) <= most:
            raise NotRenderable(f"An animation has from 1 to {most} frames here.")
        key = tuple(subject.name for subject in subjects)
        return await self._result((key, options), partial(self._animated, subjects, options))

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
            data = await self._frame_bytes(subject)
            return await run_cpu(draw, subject, data, media_type, options)

    async def _animated(self, subjects: Sequence[Subject], options: RenderOptions) -> bytes:
        """One animation at a time, for it is held in memory; pictures of another size than the first are left out."""
        async with self._animation_place:
            pictures = [await self._picture(subjects[0], options)]
            rows, columns = size = pictures[0].pixels.shape[:2]
            if rows * columns * len(subjects) > self.policy.animation_pixels:
                raise NotRenderable("The animation is too large; a smaller viewport may help.")
            for subject in subjects[1:]:
                picture = await self._picture(subject, options)
                if picture.pixels.shape[:2] == size:
                    pictures.append(picture)
            return await run_cpu(encode_animation, pictures, frame_milliseconds(subjects[0].shown.attributes()))

    async def _picture(self, subject: Subject, options: RenderOptions) -> Picture:
        async with self._places:
            return await run_cpu(picture_of, subject, await self._frame_bytes(subject), options)

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
