"""Frames that move: pictures one after the other as an animation or a video (PS3.18 8.7.4)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from app.rendering.encode import encode_animation
from app.rendering.errors import NotRenderable
from app.rendering.frame_timing import frame_milliseconds
from app.rendering.options import RenderOptions
from app.rendering.picture import Picture
from app.services.shown_instance import ShownInstance
from app.services.subject import Subject
from app.services.video import MP4
from app.workers import run_cpu

if TYPE_CHECKING:
    from app.rendering.video_writer import VideoWriter

GIF = "image/gif"

CINE_MEDIA_TYPES = (GIF, MP4) if find_spec("av") else (GIF,)
"""What moving pictures are made as; videos where the library for them is installed."""

_NAMES = {GIF: "animation", MP4: "video"}

DrawPicture = Callable[[Subject, RenderOptions], Awaitable[Picture]]


@dataclass(frozen=True, slots=True)
class CineLimits:
    """Frames, and pixels of all frames together, at most."""

    frames: int
    pixels: int


class CineMaker:
    """Makes one moving picture at a time, for the pictures of an animation are held in memory.

    ``limits`` are by media type; ``draw`` makes the picture of a subject.
    """

    def __init__(self, limits: dict[str, CineLimits], draw: DrawPicture) -> None:
        self._limits = limits
        self._draw = draw
        self._place = asyncio.Lock()

    def most_frames(self, media_type: str) -> int:
        """Frames at most."""
        return self._limits[media_type].frames

    def check(self, number_of_frames: int, media_type: str) -> None:
        """Raises NotRenderable when there are too many frames, or none."""
        most = self.most_frames(media_type)
        if not 0 < number_of_frames <= most:
            raise NotRenderable(f"Each {_NAMES[media_type]} has from 1 to {most} frames here.")

    async def make(self, subjects: Sequence[Subject], media_type: str, options: RenderOptions) -> bytes:
        """The pictures of the subjects as one of CINE_MEDIA_TYPES; those of another size than most are left out.

        Raises NotRenderable when there are too many or they are too large, and what ``draw`` raises.
        """
        self.check(len(subjects), media_type)
        async with self._place:
            typical = _typical(subjects)
            model = await self._draw(typical, options)
            rows, columns = model.pixels.shape[:2]
            if rows * columns * len(subjects) > self._limits[media_type].pixels:
                raise NotRenderable(f"The {_NAMES[media_type]} would be too large; a smaller viewport may help.")
            pictures = self._pictures(subjects, typical, model, options)
            if media_type == GIF:
                return await _animation(pictures)
            return await _video(await run_cpu(_video_writer, model, len(subjects), options.quality), pictures)

    async def _pictures(
        self, subjects: Sequence[Subject], typical: Subject, model: Picture, options: RenderOptions
    ) -> AsyncIterator[tuple[Picture, float]]:
        """Each picture of the size of ``model``, that of ``typical``, and how many milliseconds it is shown."""
        milliseconds: dict[str, list[float]] = {}
        for subject in subjects:
            picture = model if subject is typical else await self._draw(subject, options)
            shown = subject.shown
            if shown.instance.blob_key not in milliseconds:
                times = frame_milliseconds(shown.attributes(), shown.number_of_frames)
                milliseconds[shown.instance.blob_key] = times
            if picture.pixels.shape[:2] == model.pixels.shape[:2]:
                yield picture, milliseconds[shown.instance.blob_key][subject.still]


def _typical(subjects: Sequence[Subject]) -> Subject:
    """The first of the images that are as large as most are, which a localizer before them is not."""
    sizes = [_size(subject.shown) for subject in subjects]
    [(most, _)] = Counter(sizes).most_common(1)
    return subjects[sizes.index(most)]


def _size(shown: ShownInstance) -> tuple[int | None, int | None]:
    attributes = shown.attributes()
    return attributes.integer("Rows"), attributes.integer("Columns")


async def _animation(pictures: AsyncIterator[tuple[Picture, float]]) -> bytes:
    held = [each async for each in pictures]
    return await run_cpu(encode_animation, [picture for picture, _ in held], [time for _, time in held])


async def _video(writer: "VideoWriter", pictures: AsyncIterator[tuple[Picture, float]]) -> bytes:
    async for picture, milliseconds in pictures:
        await run_cpu(writer.add, picture, milliseconds)
    return await run_cpu(writer.finish)


def _video_writer(first: Picture, number_of_frames: int, quality: int) -> "VideoWriter":
    # Imported when the first video is made: the library may be absent, and takes a while.
    from app.rendering.video_writer import VideoWriter

    return VideoWriter(first, number_of_frames, quality)
