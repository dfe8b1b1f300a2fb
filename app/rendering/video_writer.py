"""Pictures as video/mp4 (PS3.18 8.7.4). Needs PyAV, an optional dependency: who imports this has seen that it is there.

The pixels are YCbCr as players expect it of what does not say otherwise: ITU-R BT.709, of 16 to 235 levels, colors at
half the resolution. The file says all that, and that the levels are those of sRGB.
"""

from fractions import Fraction
from io import BytesIO
from typing import cast

import av
import numpy as np
from av.codec.codec import codecs_available
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from app.rendering.errors import NotRenderable
from app.rendering.picture import Picture

_CODECS = {
    "libx264": {"preset": "veryfast"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "b": "0"},
}
"""H.264 is for every player; VP9, where that is not there. The options are for speed: somebody waits for the video."""

_MAX_PIXELS = 4096 * 2304
"""Of a picture: the largest of level 5.1 of H.264, and so of most players; the encoder holds a dozen of them."""

_TICKS = 90
"""A millisecond: the clock of MPEG has 90 kHz."""

_HEAD_BYTES, _HEAD_BYTES_PER_FRAME = 4096, 64
"""Room for the table of frames before them: a player need not wait for the end of the file."""

_KEY_FRAMES_APART = 50
"""Frames, so that one can jump to any of them at once."""


class VideoWriter:
    """A video of up to ``number_of_frames`` pictures as large as the first, ``quality`` from 1 to 100.

    Each call may come from another thread, but not two at a time. Raises NotRenderable when they cannot be encoded.
    """

    def __init__(self, first: Picture, number_of_frames: int, quality: int) -> None:
        rows, columns = first.pixels.shape[:2]
        if rows * columns > _MAX_PIXELS:
            raise NotRenderable(f"A video of {columns} x {rows} pixels is not made; a smaller viewport may help.")
        codec = next((codec for codec in _CODECS if codec in codecs_available), None)
        if codec is None:
            raise NotRenderable("There is no encoder for video here.")
        self._buffer = BytesIO()
        head = str(_HEAD_BYTES + _HEAD_BYTES_PER_FRAME * number_of_frames)
        self._container = av.open(self._buffer, "w", "mp4", container_options={"moov_size": head})
        # From a small loss to a large one: 18 is what eyes do not see.
        options = _CODECS[codec] | {"crf": str(round(45 - 0.3 * quality))}
        self._stream = cast("VideoStream", self._container.add_stream(codec, options=options))
        self._describe(first)
        self._durations: dict[int | None, int] = {}
        self._milliseconds = 0.0

    def _describe(self, first: Picture) -> None:
        rows, columns = first.pixels.shape[:2]
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = columns + columns % 2, rows + rows % 2, "yuv420p"
        context.time_base = self._stream.time_base = Fraction(1, 1000 * _TICKS)
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.IEC61966_2_1
        # One thread, as all work on pictures has, makes the same bytes each time. Without frames that look ahead, the
        # time of each is what it is said to be.
        context.thread_count, context.max_b_frames, context.gop_size = 1, 0, _KEY_FRAMES_APART

    def add(self, picture: Picture, milliseconds: float) -> None:
        """One more picture, shown for so long."""
        rows, columns = picture.pixels.shape[:2]
        # Colors at half the resolution need even sides: the last row or column comes twice.
        edges = [(0, rows % 2), (0, columns % 2), (0, 0)][: picture.pixels.ndim]
        pixels = np.ascontiguousarray(np.pad(picture.pixels, edges, "edge"))
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24" if picture.is_color else "gray").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        frame.time_base = self._stream.codec_context.time_base
        frame.pts = round(self._milliseconds * _TICKS)
        self._milliseconds += milliseconds
        self._durations[frame.pts] = round(self._milliseconds * _TICKS) - frame.pts
        self._write(frame)

    def finish(self) -> bytes:
        """The file."""
        self._write(None)
        self._container.close()
        return self._buffer.getvalue()

    def _write(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                packet.duration = self._durations.pop(packet.pts)
                self._container.mux(packet)
        except av.FFmpegError as error:
            raise NotRenderable("The pictures cannot be encoded as a video; another viewport may help.") from error
