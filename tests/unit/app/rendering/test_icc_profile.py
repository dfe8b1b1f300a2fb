"""ICC profiles: ours are those of their spaces, and pictures are transformed to them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.rendering.color_profiles import profile_bytes
from app.rendering.icc_profile import with_icc_profile
from app.rendering.options import IccProfile
from tests.unit.app.rendering.instances import attributes_of

COLORS = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
GRAY = COLORS[..., 0]
SPACES = [IccProfile.SRGB, IccProfile.ADOBERGB, IccProfile.ROMMRGB, IccProfile.DISPLAYP3]


def transformed(pixels: np.ndarray, source: object, target: object) -> np.ndarray:
    transform = ImageCms.buildTransform(source, target, "RGB", "RGB")
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform)).astype(int)


def with_profile(profile: bytes) -> Dataset:
    data_set = Dataset()
    data_set.ICCProfile = profile
    return data_set


def test_our_srgb_is_that_of_littlecms() -> None:
    there = transformed(COLORS, BytesIO(profile_bytes(IccProfile.SRGB)), ImageCms.createProfile("sRGB"))

    assert np.abs(there - COLORS).max() <= 1


@pytest.mark.parametrize(
    ("space", "green"),
    [
        # What (0, 255, 0) of sRGB is elsewhere is published.
        (IccProfile.ADOBERGB, (144, 255, 60)),
        (IccProfile.ROMMRGB, (138, 237, 78)),
        (IccProfile.DISPLAYP3, (117, 251, 76)),
    ],
)
def test_greens_of_wider_spaces(space: IccProfile, green: tuple[int, int, int]) -> None:
    pixels = np.full((1, 1, 3), (0, 255, 0), np.uint8)
    there = transformed(pixels, ImageCms.createProfile("sRGB"), BytesIO(profile_bytes(space)))

    assert np.abs(there[0, 0] - green).max() <= 2


@pytest.mark.parametrize("space", SPACES)
def test_white_stays_white(space: IccProfile) -> None:
    white = np.full((1, 1, 3), 255, np.uint8)

    assert with_icc_profile(white, attributes_of(Dataset()), space).pixels.tolist() == [[[255, 255, 255]]]


def test_nothing_is_done_unless_asked() -> None:
    picture = with_icc_profile(COLORS, attributes_of(with_profile(profile_bytes(IccProfile.ROMMRGB))), IccProfile.NO)

    assert (picture.pixels is COLORS, picture.icc_profile) == (True, b"")


def test_yes_sends_the_images_own_profile() -> None:
    profile = profile_bytes(IccProfile.ADOBERGB)
    picture = with_icc_profile(COLORS, attributes_of(with_profile(profile)), IccProfile.YES)

    assert np.array_equal(picture.pixels, COLORS)
    assert picture.icc_profile == profile


def test_profile_of_a_slide_is_that_of_its_optical_path() -> None:
    data_set = Dataset()
    data_set.OpticalPathSequence = Sequence([with_profile(profile_bytes(IccProfile.ADOBERGB))])

    picture = with_icc_profile(COLORS, attributes_of(data_set), IccProfile.YES)

    assert picture.icc_profile == profile_bytes(IccProfile.ADOBERGB)


def test_pixels_are_transformed_to_the_space_asked_for() -> None:
    source = profile_bytes(IccProfile.ADOBERGB)
    picture = with_icc_profile(COLORS, attributes_of(with_profile(source)), IccProfile.SRGB)

    assert np.array_equal(picture.pixels, transformed(COLORS, BytesIO(source), BytesIO(picture.icc_profile)))
    assert np.abs(picture.pixels.astype(int) - COLORS).max() > 10


@pytest.mark.parametrize("profile", [b"nonsense", b"", profile_bytes(IccProfile.SRGB)[:100]])
def test_unreadable_profile_is_srgb(profile: bytes) -> None:
    picture = with_icc_profile(COLORS, attributes_of(with_profile(profile)), IccProfile.YES)

    assert picture.icc_profile == profile_bytes(IccProfile.SRGB)


@pytest.mark.parametrize("requested", [IccProfile.YES, *SPACES])
def test_gray_with_a_profile_is_rgb(requested: IccProfile) -> None:
    picture = with_icc_profile(GRAY, attributes_of(Dataset()), requested)

    assert picture.pixels.shape == (16, 16, 3)
    assert picture.icc_profile
