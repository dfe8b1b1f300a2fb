"""Thumbnails: small, one, and telling nothing of the patient (PS3.18 10.4.1.1.4, 10.4.3.3.4)."""

import numpy as np
import pytest

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.rendered.objects import image, path
from tests.api.rendered.pictures import picture, pixels
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_2000, NATIVE, SEGMENTATION, example

KINDS = [NATIVE, JPEG_2000, COLOR_MULTI_FRAME, ECG, SEGMENTATION]


@pytest.mark.parametrize("name", KINDS)
def test_each_level_has_a_thumbnail_that_fits(shown: InProcessClient, name: str) -> None:
    source = example(name)
    levels = [source.url_path, f"/studies/{source.study}/series/{source.series}", f"/studies/{source.study}"]
    for base in levels:
        answer = shown.get(f"{base}/thumbnail")
        assert answer.headers["content-type"] == "image/jpeg"
        assert max(picture(answer.content).size) == 256


@pytest.mark.parametrize("viewport", ["100%2C50", "100,50", "50,100"])
def test_the_viewport_of_weasis_may_be_encoded(shown: InProcessClient, viewport: str) -> None:
    for resource in ("thumbnail", "rendered"):
        answer = shown.get(f"{example(NATIVE).url_path}/{resource}?viewport={viewport}", accept="image/jpeg")
        assert picture(answer.content).size == (50, 50)


def test_pixels_that_are_not_square_are_made_so(client: InProcessClient) -> None:
    store(client, data_set := image(np.zeros((64, 64), np.uint8), PixelSpacing=[2, 1]))
    assert picture(client.get(f"{path(data_set)}/thumbnail?viewport=64,64").content).size == (32, 64)


def test_a_thumbnail_takes_no_other_parameter(shown: InProcessClient) -> None:
    base = f"{example(NATIVE).url_path}/thumbnail"
    plain = shown.get(base, accept="image/png")
    for query in ("annotation=patient", "window=1,1,linear", "quality=x"):
        assert np.array_equal(pixels(shown.get(f"{base}?{query}", accept="image/png")), pixels(plain))
    assert_problem(shown.get(f"{base}?viewport=0,0"), 400, "viewport")


def test_a_frame_has_its_own(shown: InProcessClient) -> None:
    base = example(COLOR_MULTI_FRAME).url_path
    middle = shown.get(f"{base}/thumbnail").content
    assert shown.get(f"{base}/frames/16/thumbnail").content == middle
    assert shown.get(f"{base}/frames/1/thumbnail").content != middle


def test_an_image_that_cannot_be_decoded_has_an_icon(client: InProcessClient) -> None:
    data_set = image(np.zeros((8, 8), np.uint8), Modality="CT")
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = 24, 24, 23
    store(client, data_set)
    assert_problem(client.get(f"{path(data_set)}/rendered"), 406)
    assert picture(client.get(f"{path(data_set)}/thumbnail").content).size == (256, 256)
