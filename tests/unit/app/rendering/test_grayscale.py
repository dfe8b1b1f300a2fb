"""The grayscale transformation against pydicom's stages and the equations of PS3.3 C.11.2."""

import math
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from app.rendering.grayscale import GrayscaleStages, gray_levels
from app.rendering.voi_lut import VOILUTFunction, Window
from tests.unit.app.rendering.instances import Instance, attributes_of, decoded_of, image

VALUES = np.arange(-2048, 2048, dtype=np.int16).reshape(64, 64)


def rendered(data_set: Dataset, array: NDArray[np.generic], window: Window | None = None) -> NDArray[np.uint8]:
    return gray_levels(decoded_of(data_set, array), attributes_of(data_set), GrayscaleStages(voi=window))


def by_pydicom(data_set: Dataset, array: NDArray[np.generic], index: int = 0) -> NDArray[np.float64]:
    """Modality and VOI LUT by pydicom, spread from its output range to 0 to 255."""
    with np.errstate(over="ignore"):
        output = apply_voi_lut(apply_modality_lut(array, data_set), data_set, index=index).astype(np.float64)
    if "VOILUTSequence" in data_set:
        return output * 255 / (2 ** data_set.VOILUTSequence[0].LUTDescriptor[2] - 1)
    slope, intercept = float(data_set.get("RescaleSlope", 1)), float(data_set.get("RescaleIntercept", 0))
    low = -(2 ** (data_set.BitsStored - 1)) if data_set.PixelRepresentation else 0
    high = low + 2**data_set.BitsStored - 1
    least, greatest = low * slope + intercept, high * slope + intercept
    return (output - least) / (greatest - least) * 255


def assert_close(levels: NDArray[np.uint8], expected: NDArray[np.float64], tolerance: float = 0.51) -> None:
    """Rounding alone makes half a level."""
    assert np.abs(levels.astype(np.float64) - expected).max() <= tolerance


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-600, 1500.5), (0.5, 2), (100, 1)])
def test_windows_are_those_of_pydicom(function: str, center: float, width: float) -> None:
    data_set = image(VALUES, WindowCenter=center, WindowWidth=width, VOILUTFunction=function)
    data_set.RescaleSlope, data_set.RescaleIntercept = 1.5, -24

    assert_close(rendered(data_set, VALUES), by_pydicom(data_set, VALUES))


def test_linear_window_takes_the_values_of_the_standards_pseudo_code() -> None:
    # PS3.3 C.11.2.1.2.1: c=2048, w=4096 is the identity of 12 bits, c=100, w=100 has black at 50 and white at 149.
    levels = Window(100, 100)(np.array([49.0, 50.0, 51.0, 149.0, 150.0]))

    assert levels.tolist() == pytest.approx([0, 0, 255 / 99, 255, 255])


def test_sigmoid_is_half_at_the_center_whatever_the_width() -> None:
    levels = Window(10, 3, VOILUTFunction.SIGMOID)(np.array([-1e6, 10.0, 10.75, 1e6]))

    assert levels.tolist() == pytest.approx([0, 127.5, 255 / (1 + math.exp(-1)), 255], abs=1e-6)


def test_first_of_several_windows_counts() -> None:
    data_set = image(VALUES, WindowCenter=[40, -600], WindowWidth=[400, 1500])

    assert_close(rendered(data_set, VALUES), by_pydicom(data_set, VALUES, index=0))


def test_window_asked_for_takes_the_place_of_the_images() -> None:
    data_set = image(VALUES, WindowCenter=40, WindowWidth=400)
    asked = image(VALUES, WindowCenter=-600, WindowWidth=1500)

    assert_close(rendered(data_set, VALUES, Window(-600, 1500)), by_pydicom(asked, VALUES))


def lut_item(first: int, entries: NDArray[np.uint16], bits: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = entries.tolist()
    item["LUTData"].VR = "US"
    return item


def test_modality_and_voi_lut_sequences_are_applied_one_after_the_other() -> None:
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    data_set = image(values, BitsStored=12)
    data_set.ModalityLUTSequence = Sequence([lut_item(100, np.arange(0, 6000, 2, dtype=np.uint16), 16)])
    data_set.VOILUTSequence = Sequence([lut_item(500, (np.arange(4096) ** 2 >> 12).astype(np.uint16), 12)])

    assert_close(rendered(data_set, values), by_pydicom(data_set, values))


def test_entries_of_8_bits_may_lie_two_in_a_word() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data_set = image(values)
    item = Dataset()
    item.LUTDescriptor = [256, 0, 8]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = bytes(reversed(range(256)))
    item["LUTData"].VR = "OW"
    data_set.VOILUTSequence = Sequence([item])

    assert rendered(data_set, values).tolist() == (255 - values).tolist()


def test_monochrome1_is_black_at_the_greatest_value() -> None:
    data_set = image(VALUES, WindowCenter=0, WindowWidth=4096, PhotometricInterpretation="MONOCHROME1")
    levels = rendered(data_set, VALUES)

    assert (levels[0, 0], levels[-1, -1]) == (255, 0)


def test_inverse_presentation_lut_shape_of_monochrome1_inverts_once() -> None:
    # PS3.3 C.8.11.3.1: a DX image that is MONOCHROME1 also says INVERSE.
    data_set = image(VALUES, WindowCenter=0, WindowWidth=4096, PhotometricInterpretation="MONOCHROME1")
    data_set.PresentationLUTShape = "INVERSE"

    assert rendered(data_set, VALUES)[0, 0] == 255


def test_bits_outside_of_the_value_do_not_count() -> None:
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    plain = image(values, BitsStored=12, WindowCenter=2048, WindowWidth=4096)
    in_high_bits = image(values, BitsStored=12, HighBit=15, WindowCenter=2048, WindowWidth=4096)

    assert np.array_equal(rendered(plain, values | 0xF000), rendered(plain, values))
    assert np.array_equal(rendered(in_high_bits, values << 4 | 5), rendered(plain, values))


def test_signed_values_of_fewer_bits_keep_their_sign() -> None:
    stored = np.array([[-2048, -1], [0, 2047]], np.int16)
    data_set = image(stored, BitsStored=12, WindowCenter=0.5, WindowWidth=4096)

    assert rendered(data_set, stored & 0x0FFF).tolist() == [[0, 127], [128, 255]]


@pytest.mark.parametrize(("value", "limit", "padded"), [(-2000, None, [-2000]), (-2001, -1999, [-2001, -2000, -1999])])
def test_padding_is_black(value: int, limit: int | None, padded: list[int]) -> None:
    data_set = image(VALUES, WindowCenter=-2000, WindowWidth=100, PixelPaddingValue=value)
    data_set["PixelPaddingValue"].VR = "SS"
    if limit is not None:
        data_set.add_new("PixelPaddingRangeLimit", "SS", limit)
    levels = rendered(data_set, VALUES)
    shown = VALUES[(VALUES > -2040) & (levels == 0)]

    assert shown.tolist() == padded


def test_padding_of_the_wrong_sign_is_understood() -> None:
    stored = np.array([[-2000, 1000]], np.int16)
    data_set = image(stored, WindowCenter=-1000, WindowWidth=100, PhotometricInterpretation="MONOCHROME1")
    data_set.add_new("PixelPaddingValue", "US", 0x10000 - 2000)

    assert rendered(data_set, stored).tolist() == [[0, 0]]


def test_large_frames_by_table_and_small_ones_by_pixel_are_the_same() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16).reshape(256, 256)
    data_set = image(every, WindowCenter=40, WindowWidth=400, RescaleSlope=0.7, RescaleIntercept=-3)

    assert np.array_equal(rendered(data_set, every)[:255], rendered(data_set, every[:255]))


def test_each_frame_of_an_enhanced_image_has_its_own_rescale_and_window() -> None:
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    data_set = image(values, BitsStored=12)
    data_set.PerFrameFunctionalGroupsSequence = Sequence([groups(1, 0, 2000, 4000), groups(2, -1000, 40, 400)])
    second = image(values, BitsStored=12, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=40, WindowWidth=400)
    levels = gray_levels(decoded_of(data_set, values), attributes_of(data_set, frame=1))

    assert_close(levels, by_pydicom(second, values))


def groups(slope: float, intercept: float, center: float, width: float) -> Dataset:
    transformation, window, item = Dataset(), Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = slope, intercept
    window.WindowCenter, window.WindowWidth = center, width
    item.PixelValueTransformationSequence = Sequence([transformation])
    item.FrameVOILUTSequence = Sequence([window])
    return item


def test_shared_groups_are_for_all_frames() -> None:
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    data_set = image(values, BitsStored=12)
    data_set.SharedFunctionalGroupsSequence = Sequence([groups(2, -1000, 40, 400)])
    data_set.PerFrameFunctionalGroupsSequence = Sequence([Dataset(), Dataset()])
    plain = image(values, BitsStored=12, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=40, WindowWidth=400)

    assert np.array_equal(
        gray_levels(decoded_of(data_set, values), attributes_of(data_set, frame=1)), rendered(plain, values)
    )


def test_a_ct_without_rescaling_is_not_windowed_as_if_it_were_in_hounsfield_units() -> None:
    film = np.where(VALUES > 1000, VALUES, 0).astype(np.int16)
    data_set = image(film, Modality="CT")
    bright = rendered(data_set, film)[film > 0]
    data_set.RescaleSlope, data_set.RescaleIntercept = 1, 0

    assert rendered(data_set, film)[film > 0].min() == 255
    assert np.ptp(bright) > 100


def test_float_pixels_keep_their_fractions() -> None:
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    data_set = image(values, WindowCenter=0.5, WindowWidth=1)
    data_set.FloatPixelData = values.tobytes()
    values = np.where(values == 1, np.nan, values).astype(np.float32)
    levels = rendered(data_set, values)

    assert levels.flat[:-1].tolist() == [round(255 * n / 63) for n in range(63)]
    assert levels.flat[-1] == 0


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm", "693_J2KI.dcm"])
def test_real_files_are_as_pydicom_windows_them(name: str) -> None:
    path = Path(str(get_testdata_file(name, download=False)))
    data_set = pydicom.dcmread(path)
    if "WindowCenter" not in data_set:
        data_set.WindowCenter, data_set.WindowWidth = 40, 400
    center, width = (float(np.atleast_1d(data_set[name].value)[0]) for name in ("WindowCenter", "WindowWidth"))
    instance = Instance(path)
    levels = gray_levels(instance.decoded(), instance.attributes(), GrayscaleStages(voi=Window(center, width)))

    assert_close(levels, by_pydicom(data_set, data_set.pixel_array))
