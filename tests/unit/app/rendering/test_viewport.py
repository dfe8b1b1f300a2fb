"""The viewport of PS3.18 8.3.5.1.3: crop, scale without distortion, flip."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.rendering.errors import InvalidRenderingParameter
from app.rendering.options import Viewport
from app.rendering.viewport import fitted, pixel_aspect_ratio
from tests.unit.app.rendering.instances import attributes_of


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """Of 40 columns and 20 rows: dark left, bright right, and darker above than below."""
    quadrants = np.array([[10, 210], [40, 240]], np.uint8)
    return np.kron(quadrants, np.ones((10, 20), np.uint8))


def corners(pixels: NDArray[np.uint8]) -> list[list[int]]:
    return pixels[[0, -1]][:, [0, -1]].tolist()


@pytest.mark.parametrize(
    ("viewport", "size"),
    [((80, 80), (80, 40)), ((20, 20), (20, 10)), ((100, 20), (40, 20)), ((40, 20), (40, 20)), ((1, 1), (1, 1))],
)
def test_picture_is_as_large_as_fits_undistorted(
    picture: NDArray[np.uint8], viewport: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitted(picture, Viewport(*viewport), 1).shape[::-1] == size


def test_same_size_leaves_the_pixels_alone(picture: NDArray[np.uint8]) -> None:
    assert np.array_equal(fitted(picture, Viewport(40, 20), 1), picture)


def test_region_is_cropped_before_it_is_scaled(picture: NDArray[np.uint8]) -> None:
    region = fitted(picture, Viewport(60, 60, 20, 10, 10, 10), 1)

    assert region.shape == (60, 60)
    assert set(region.flat) == {240}


def test_region_reaches_to_the_edge_by_default_and_at_most(picture: NDArray[np.uint8]) -> None:
    to_the_edge = fitted(picture, Viewport(20, 20, 20, 0), 1)
    beyond = fitted(picture, Viewport(20, 20, 20, 0, 1000, 1000), 1)

    assert corners(to_the_edge) == corners(beyond) == [[210, 210], [240, 240]]


@pytest.mark.parametrize(
    ("horizontally", "vertically", "expected"),
    [
        (True, False, [[210, 10], [240, 40]]),
        (False, True, [[40, 240], [10, 210]]),
        (True, True, [[240, 40], [210, 10]]),
    ],
)
def test_flips(picture: NDArray[np.uint8], horizontally: bool, vertically: bool, expected: list[list[int]]) -> None:
    viewport = Viewport(40, 20, flip_horizontally=horizontally, flip_vertically=vertically)

    assert corners(fitted(picture, viewport, 1)) == expected


@pytest.mark.parametrize(("left", "top"), [(40, 0), (0, 20), (1e9, 1e9)])
def test_region_outside_of_the_image_is_refused(picture: NDArray[np.uint8], left: float, top: float) -> None:
    with pytest.raises(InvalidRenderingParameter, match="viewport"):
        fitted(picture, Viewport(10, 10, left, top), 1)


def test_color_is_scaled_as_gray_is(picture: NDArray[np.uint8]) -> None:
    color = np.stack([picture] * 3, axis=-1)

    assert np.array_equal(fitted(color, Viewport(10, 10), 1)[..., 1], fitted(picture, Viewport(10, 10), 1))


def test_pixels_become_square(picture: NDArray[np.uint8]) -> None:
    # Pixels twice as high as wide: 40 x 20 of them are a square.
    assert fitted(picture, Viewport(30, 30), 2).shape == (30, 30)


def spaced(keyword: str, value: list[float]) -> Dataset:
    data_set = Dataset()
    setattr(data_set, keyword, value)
    return data_set


@pytest.mark.parametrize(
    ("keyword", "value", "ratio"),
    [
        ("PixelSpacing", [2, 1], 2),
        ("ImagerPixelSpacing", [0.5, 1], 0.5),
        ("PixelAspectRatio", [3, 2], 1.5),
        ("PixelAspectRatio", [0, 0], 1),
        ("PixelAspectRatio", [1, 100000], 1),
        ("PixelSpacing", [1], 1),
    ],
)
def test_height_by_width_of_a_pixel(keyword: str, value: list[float], ratio: float) -> None:
    assert pixel_aspect_ratio(attributes_of(spaced(keyword, value))) == ratio


def test_spacing_of_an_enhanced_image_is_in_its_functional_groups() -> None:
    group = Dataset()
    group.PixelMeasuresSequence = Sequence([spaced("PixelSpacing", [3, 1])])
    data_set = Dataset()
    data_set.SharedFunctionalGroupsSequence = Sequence([group])

    assert pixel_aspect_ratio(attributes_of(data_set)) == 3
