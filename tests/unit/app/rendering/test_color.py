"""Color spaces against pydicom's."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.pixels.processing import convert_color_space

from app.rendering.color import rgb_levels
from app.rendering.errors import NotRenderable
from tests.unit.app.rendering.instances import decoded_of, image


@pytest.fixture
def samples() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("photometric_interpretation", ["YBR_FULL", "YBR_FULL_422"])
def test_ybr_full_is_as_pydicom_converts_it(samples: NDArray[np.uint8], photometric_interpretation: str) -> None:
    data_set = image(samples, PhotometricInterpretation=photometric_interpretation)
    expected = convert_color_space(samples, "YBR_FULL", "RGB").astype(int)

    assert np.abs(rgb_levels(decoded_of(data_set, samples)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("photometric_interpretation", ["RGB", "YBR_RCT", "YBR_ICT"])
def test_decoded_jpeg_2000_is_rgb(samples: NDArray[np.uint8], photometric_interpretation: str) -> None:
    data_set = image(samples, PhotometricInterpretation=photometric_interpretation)

    assert np.array_equal(rgb_levels(decoded_of(data_set, samples)), samples)


@pytest.mark.parametrize(("dtype", "bits"), [("<u2", 12), ("<u2", 16), ("<u4", 32)])
def test_deep_colors_keep_their_upper_8_bits(samples: NDArray[np.uint8], dtype: str, bits: int) -> None:
    deep = samples.astype(dtype) << (bits - 8) | 3
    data_set = image(deep, BitsStored=bits)

    assert np.array_equal(rgb_levels(decoded_of(data_set, deep)), samples)


@pytest.mark.parametrize("photometric_interpretation", ["CMYK", "HSV", "ARGB", ""])
def test_other_color_spaces_are_refused(samples: NDArray[np.uint8], photometric_interpretation: str) -> None:
    data_set = image(samples, PhotometricInterpretation=photometric_interpretation)

    with pytest.raises(NotRenderable):
        rgb_levels(decoded_of(data_set, samples))
