"""Images without VOI LUT are not black."""

import numpy as np
import pytest

from app.rendering.automatic_window import automatic_window
from app.rendering.voi_lut import Window

RANDOM = np.random.default_rng(0)


def shown(values: np.ndarray, modality: str = "MR", full_range: tuple[float, float] | None = None) -> np.ndarray:
    return automatic_window(values, modality, full_range)(values)


def test_dark_and_bright_percent_are_black_and_white() -> None:
    levels = shown(np.arange(1000.0))

    assert levels[:10].max() < 1
    assert levels[-10:].min() > 254
    assert levels[500] == pytest.approx(127.5, abs=2)


def test_ct_in_hounsfield_units_has_the_soft_tissue_window() -> None:
    patient = np.concatenate([np.full(600, -1000.0), RANDOM.normal(40, 50, 350), RANDOM.normal(800, 100, 50)])

    assert automatic_window(patient, "CT", None) == Window(40, 400)


@pytest.mark.parametrize("offset", [1024, -1000])
def test_ct_in_other_units_has_not(offset: float) -> None:
    patient = np.concatenate([np.full(400, -1000.0), RANDOM.normal(40, 50, 600)]) + offset

    assert automatic_window(patient, "CT", None) != Window(40, 400)
    assert 30 < shown(patient, "CT")[400:].mean() < 250


@pytest.mark.parametrize("modality", ["PT", "NM", "RTDOSE"])
def test_no_counts_are_black(modality: str) -> None:
    counts = np.concatenate([np.full(10, 0.0), RANDOM.uniform(500, 1000, 990)])

    assert shown(counts, modality)[0] == pytest.approx(0)
    assert shown(counts, modality).max() == pytest.approx(255)


def test_image_of_8_bits_is_shown_as_it_is() -> None:
    assert shown(np.array([20.0, 200.0]), "US", (0, 255)).tolist() == [20, 200]


def test_image_of_8_bits_is_brightened_when_nothing_could_be_seen() -> None:
    assert shown(np.array([0.0, 1.0, 2.0, 3.0]), "OT", (0, 255))[-1] > 250


@pytest.mark.parametrize("value", [-5.0, 0.0, 1e9])
def test_image_of_one_value_is_gray(value: float) -> None:
    assert shown(np.full(10, value)).tolist() == [127.5] * 10


def test_rare_bright_pixels_are_seen() -> None:
    values = np.zeros(10000)
    values[0] = 500

    assert shown(values)[0] == 255


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan, np.inf])])
def test_nothing_to_go_by(values: np.ndarray) -> None:
    assert automatic_window(values, "MR", None).width == 1
