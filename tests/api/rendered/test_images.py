"""Images as pictures, held against pydicom (PS3.18 10.4.1.1.3, 8.3.5; PS3.4 N.2)."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.rendered.objects import image, path
from tests.api.rendered.pictures import picture, pixels, windowed
from tests.examples import COLOR_MULTI_FRAME, JPEG_2000, JPEG_LS, NATIVE, example

CT = f"{example(NATIVE).url_path}/rendered"


@pytest.mark.parametrize("window", [(40, 400), (-600, 1500), (1000, 1)])
def test_a_window_is_that_of_pydicom(shown: InProcessClient, window: tuple[int, int]) -> None:
    levels = pixels(shown.get(f"{CT}?window={window[0]},{window[1]},linear", accept="image/png"))
    expected = windowed(example(NATIVE).data_set(), window)
    assert np.abs(levels - expected).max() <= 1


def test_the_window_of_the_instance_is_that_of_pydicom(shown: InProcessClient) -> None:
    source = example(JPEG_LS)
    levels = pixels(shown.get(f"{source.url_path}/rendered", accept="image/png"))
    assert np.abs(levels - windowed(source.data_set())).max() <= 1


@pytest.mark.parametrize("frame", [1, 17, 30])
def test_a_frame_in_color_is_that_of_pydicom(shown: InProcessClient, frame: int) -> None:
    source = example(COLOR_MULTI_FRAME)
    colors = pixels(shown.get(f"{source.url_path}/frames/{frame}/rendered", accept="image/png"))
    expected = source.data_set().pixel_array[frame - 1].astype(int)
    # Decoders of lossy JPEG differ by rounding.
    assert np.abs(colors - expected).mean() < 1


def test_an_instance_of_several_frames_is_shown_by_its_middle_one(shown: InProcessClient) -> None:
    source = example(COLOR_MULTI_FRAME)
    one = shown.get(f"{source.url_path}/rendered", accept="image/png")
    assert one.content == shown.get(f"{source.url_path}/frames/16/rendered", accept="image/png").content


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/jp2", "image/webp"])
@pytest.mark.parametrize("name", [NATIVE, JPEG_2000])
def test_each_media_type_shows_the_same(shown: InProcessClient, media_type: str, name: str) -> None:
    exact = pixels(shown.get(f"{example(name).url_path}/rendered", accept="image/png"))
    answer = shown.get(f"{example(name).url_path}/rendered", accept=media_type)
    assert answer.headers["content-type"] == media_type
    levels = np.asarray(picture(answer.content).convert("RGB" if exact.ndim == 3 else "L"))
    assert np.abs(levels.astype(int) - exact).mean() < 4


def test_an_animation_has_all_frames(shown: InProcessClient) -> None:
    answer = shown.get(f"{example(COLOR_MULTI_FRAME).url_path}/rendered", accept="image/gif")
    assert answer.headers["content-type"] == "image/gif"
    shown_for = [int(frame.info["duration"]) for frame in ImageSequence.Iterator(Image.open(BytesIO(answer.content)))]
    # A frame that is like the one before it is not repeated: that one is shown for longer.
    assert abs(sum(shown_for) - 30 * float(example(COLOR_MULTI_FRAME).data_set().FrameTime)) < 10
    assert len(shown_for) > 25


def test_the_users_guide_asks_for_quality_and_profile(shown: InProcessClient) -> None:
    plain = shown.get(CT, accept="image/jpeg")
    best = shown.get(f"{CT}?quality=95&iccprofile=yes", accept="image/jpeg")
    profile = ImageCms.getOpenProfile(BytesIO(picture(best.content).info["icc_profile"]))
    assert profile.profile.xcolor_space.strip() == "RGB"
    exact = pixels(shown.get(CT, accept="image/png")).astype(int)
    worse = pixels(shown.get(f"{CT}?quality=10", accept="image/jpeg"))
    assert np.abs(pixels(plain) - exact).mean() < np.abs(worse - exact).mean()


def test_a_viewport_scales_crops_and_flips(shown: InProcessClient) -> None:
    exact = pixels(shown.get(CT, accept="image/png"))
    region = pixels(shown.get(f"{CT}?viewport=32%2C32%2C10%2C20%2C32%2C32", accept="image/png"))
    flipped = pixels(shown.get(f"{CT}?viewport=128,128,,,-128,", accept="image/png"))
    assert np.array_equal(region, exact[20:52, 10:42])
    assert np.array_equal(flipped, exact[:, ::-1])
    assert pixels(shown.get(f"{CT}?viewport=64%2C50", accept="image/jpeg")).shape == (50, 50)


def test_annotations_are_drawn_when_they_are_asked_for(client: InProcessClient) -> None:
    black = image(np.zeros((400, 400), np.uint8))
    store(client, black)
    assert not pixels(client.get(f"{path(black)}/rendered", accept="image/png")).any()
    assert pixels(client.get(f"{path(black)}/rendered?annotation=patient,technique", accept="image/png")).any()


MALFORMED = [
    "window=40",
    "window=40,400,cubic",
    "window=a,b,linear",
    "window=40,0,linear",
    "window=nan,1,linear",
    "viewport=0,10",
    "viewport=100",
    "viewport=1e3,10",
    "viewport=99999,10",
    "viewport=10,10,500,500,10,10",
    "viewport=10,10,0,0,0,0",
    "quality=0",
    "quality=101",
    "quality=high",
    "annotation=everything",
    "annotation=",
    "iccprofile=cmyk",
    "charset=utf-7",
]


@pytest.mark.parametrize("query", MALFORMED)
def test_a_malformed_value_is_named(shown: InProcessClient, query: str) -> None:
    assert_problem(shown.get(f"{CT}?{query}"), 400, query.partition("=")[0])


def test_unknown_parameters_are_ignored(shown: InProcessClient) -> None:
    assert shown.get(f"{CT}?_=1&lossy=x").content == shown.get(CT).content
