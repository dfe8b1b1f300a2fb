"""Videos, decoded again, against the pictures that went in."""

from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from app.rendering import video_writer
from app.rendering.errors import NotRenderable
from app.rendering.picture import Picture
from app.rendering.video_writer import VideoWriter

BT_709, LIMITED, SRGB_CURVE = 1, 1, 13
"""Codes of ITU-T H.273 and of FFmpeg."""

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (40, 80, 200), (0, 0, 0)]


def ramp(shift: int, rows: int = 48, columns: int = 256) -> NDArray[np.uint8]:
    return np.roll(np.tile(np.arange(columns, dtype=np.uint8), (rows, 1)), shift, axis=1)


def video(pictures: list[NDArray[np.uint8]], milliseconds: list[float], quality: int = 90) -> bytes:
    writer = VideoWriter(Picture(pictures[0]), len(pictures), quality)
    for picture, each in zip(pictures, milliseconds, strict=True):
        writer.add(Picture(picture), each)
    return writer.finish()


def planes(data: bytes) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Luminance and color differences of each frame."""
    frames = [frame.to_ndarray() for frame in av.open(BytesIO(data)).decode(video=0)]
    return [(frame[: len(frame) * 2 // 3], frame[len(frame) * 2 // 3 :]) for frame in frames]


def atoms(data: bytes) -> list[bytes]:
    names, start = [], 0
    while start < len(data):
        names.append(data[start + 4 : start + 8])
        start += int.from_bytes(data[start : start + 4], "big")
    return names


def test_gray_levels_come_back() -> None:
    pictures = [ramp(4 * number) for number in range(12)]
    for (luminance, colors), picture in zip(planes(video(pictures, [40] * 12)), pictures, strict=True):
        # ITU-R BT.709: black is 16 and white 235.
        levels = (luminance.astype(float) - 16) * 255 / 219
        assert np.abs(levels - picture).mean() < 1
        assert np.abs(levels - picture).max() < 12
        assert np.abs(colors.astype(int) - 128).max() <= 1


def test_colors_are_those_of_bt_709() -> None:
    stripes = np.repeat(np.repeat(np.array([COLORS], np.uint8), 32, axis=1), 64, axis=0)
    luminance, differences = planes(video([stripes] * 2, [40] * 2))[0]
    blue, red = differences.reshape(2, 32, -1)
    for number, (r, g, b) in enumerate(COLORS):
        y = 0.2126 * r + 0.7152 * g + 0.0722 * b
        found = luminance[32, 32 * number + 16], blue[16, 16 * number + 8], red[16, 16 * number + 8]
        meant = 16 + 219 * y / 255, 128 + 224 * (b - y) / 1.8556 / 255, 128 + 224 * (r - y) / 1.5748 / 255
        assert np.abs(np.subtract(found, meant)).max() <= 3


def test_the_file_says_what_its_colors_are() -> None:
    context = av.open(BytesIO(video([ramp(0)] * 2, [40] * 2))).streams.video[0].codec_context

    assert (context.pix_fmt, context.color_range, context.colorspace) == ("yuv420p", LIMITED, BT_709)
    assert (context.color_primaries, context.color_trc) == (BT_709, SRGB_CURVE)


def test_each_frame_is_shown_as_long_as_it_is_said() -> None:
    milliseconds = [33.333, 33.333, 500, 20, 1, 76]
    container = av.open(BytesIO(video([ramp(number) for number in range(6)], milliseconds)))
    stream = container.streams.video[0]
    shown = [float(packet.duration * stream.time_base * 1000) for packet in container.demux() if packet.size]

    assert np.abs(np.subtract(shown, milliseconds)).max() < 0.02
    assert abs(stream.duration * stream.time_base - Fraction(sum(milliseconds)) / 1000) < Fraction(1, 10000)


@pytest.mark.parametrize("count", [2, 300])
def test_the_table_of_frames_comes_before_them(count: int) -> None:
    names = atoms(
        video([ramp(number, 8, 16) for number in range(count)], [7.5 + number % 9 for number in range(count)])
    )

    assert names.index(b"moov") < names.index(b"mdat")


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (31, 17), (16, 33), (3, 500)])
def test_odd_sides_become_even_by_the_last_row_and_column(rows: int, columns: int) -> None:
    picture = np.add.outer(np.arange(rows), np.arange(columns) // 4).astype(np.uint8) * 2
    luminance, _ = planes(video([picture] * 2, [40] * 2))[0]
    levels = (luminance.astype(float) - 16) * 255 / 219

    assert levels.shape == (rows + rows % 2, columns + columns % 2)
    assert np.abs(levels[:rows, :columns] - picture).max() < 12
    assert np.abs(levels[-1, -1] - picture[-1, -1]) < 12


def test_the_same_pictures_make_the_same_bytes() -> None:
    pictures = [ramp(7 * number) for number in range(8)]

    assert video(pictures, [40] * 8) == video(pictures, [40] * 8)


def test_quality_costs_bytes() -> None:
    noise = list(np.random.default_rng(0).integers(0, 255, (4, 64, 64), dtype=np.uint8))

    assert len(video(noise, [40] * 4, 20)) < len(video(noise, [40] * 4, 95)) / 2


def test_vp9_takes_the_place_of_h264(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_writer, "codecs_available", {"libvpx-vp9"})
    pictures = [ramp(4 * number) for number in range(6)]
    data = video(pictures, [40, 40, 40, 90, 40, 40])
    container = av.open(BytesIO(data))

    assert container.streams.video[0].codec_context.name in {"vp9", "libvpx-vp9"}
    for (luminance, _), picture in zip(planes(data), pictures, strict=True):
        assert np.abs((luminance.astype(float) - 16) * 255 / 219 - picture).mean() < 2


def test_without_an_encoder_there_is_no_video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_writer, "codecs_available", set())
    with pytest.raises(NotRenderable, match="encoder"):
        VideoWriter(Picture(ramp(0)), 1, 90)


@pytest.mark.parametrize("shape", [(2, 1 << 17), (4096, 2400)])
def test_a_picture_too_large_for_players_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(NotRenderable):
        video([np.zeros(shape, np.uint8)], [40])
