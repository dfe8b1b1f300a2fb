"""Pictures in each rendered media type, decoded again by Pillow."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence

from app.rendering.color_profiles import profile_bytes
from app.rendering.encode import ENCODERS, encode, encode_animation
from app.rendering.errors import NotRenderable
from app.rendering.options import IccProfile
from app.rendering.picture import Picture

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/jp2": "JPEG2000",
    "image/webp": "WEBP",
}
LOSSLESS = {"image/png", "image/gif"}
WITH_PROFILE = ["image/jpeg", "image/png", "image/webp"]


def picture(color: bool) -> Picture:
    ramp = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    return Picture(np.stack([ramp, ramp[::-1], ramp // 2 + 60], axis=-1) if color else ramp)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def test_jpeg_is_the_default_media_type() -> None:
    assert next(iter(ENCODERS)) == "image/jpeg"
    assert ENCODERS.keys() == FORMATS.keys()


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("media_type", FORMATS)
def test_pixels_come_back(media_type: str, color: bool) -> None:
    original = picture(color)
    image = opened(encode(original, media_type))
    pixels = np.asarray(image.convert("RGB" if color else "L")).astype(int)

    assert image.format == FORMATS[media_type]
    assert image.size == (64, 48)
    tolerance = 0 if media_type in LOSSLESS and not color else 12
    assert np.abs(pixels - original.pixels).max() <= tolerance


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/jp2", "image/webp"])
def test_quality_costs_bytes(media_type: str) -> None:
    noise = Picture(np.random.default_rng(0).integers(0, 255, (128, 128), dtype=np.uint8))

    assert len(encode(noise, media_type, 20)) < len(encode(noise, media_type, 95))


def test_jpeg_2000_of_full_quality_is_lossless() -> None:
    image = opened(encode(picture(color=True), "image/jp2", 100))

    assert np.array_equal(np.asarray(image), picture(color=True).pixels)


@pytest.mark.parametrize("media_type", WITH_PROFILE)
def test_profile_is_embedded(media_type: str) -> None:
    profile = profile_bytes(IccProfile.ROMMRGB)
    image = opened(encode(Picture(picture(color=True).pixels, profile), media_type))

    assert image.info["icc_profile"] == profile


def shades(count: int) -> list[Picture]:
    return [Picture(np.full((8, 8), 20 * number, np.uint8)) for number in range(count)]


def durations(data: bytes) -> list[int]:
    """The milliseconds of each frame of a GIF."""
    image = Image.open(BytesIO(data))
    return [frame.info["duration"] for frame in ImageSequence.Iterator(image)]


def test_animation_has_all_frames_and_their_durations() -> None:
    data = encode_animation(iter(shades(5)), [80, 80, 200, 80, 40])
    image = Image.open(BytesIO(data))

    assert (image.n_frames, image.info["loop"]) == (5, 0)  # type: ignore[attr-defined]
    assert durations(data) == [80, 80, 200, 80, 40]
    image.seek(3)
    assert image.convert("L").getpixel((0, 0)) == 60


def test_animation_takes_as_long_as_its_frames_though_a_gif_counts_hundredths() -> None:
    assert sum(durations(encode_animation(shades(12), [33.333] * 12))) == 400


def test_animation_is_not_faster_than_browsers_play() -> None:
    assert durations(encode_animation(shades(3), [1, 5, 30])) == [20, 20, 30]


def test_picture_too_large_for_the_media_type_is_refused() -> None:
    with pytest.raises(NotRenderable, match="16384"):
        encode(Picture(np.zeros((1, 16384), np.uint8)), "image/webp")


@pytest.mark.parametrize("media_type", FORMATS)
def test_flipped_pixels_are_encoded_as_they_are(media_type: str) -> None:
    original = picture(color=False).pixels[::-1, ::-1]
    pixels = np.asarray(opened(encode(Picture(original), media_type)).convert("L")).astype(int)

    assert np.abs(pixels - original).max() <= 12
