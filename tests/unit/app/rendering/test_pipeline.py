"""What a whole rendering does, from a decoded frame to the picture."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from app.codecs.errors import CannotTranscode
from app.codecs.pixels import PixelDescription
from app.rendering.decoded_frame import decode_frame
from app.rendering.errors import NotRenderable
from app.rendering.options import Annotation, IccProfile, RenderOptions, Viewport
from app.rendering.picture import Picture
from app.rendering.pipeline import render, representative_frame
from tests.unit.app.rendering.instances import Instance, attributes_of, decoded_of, image

RAMP = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def rendered(data_set: Dataset, samples: NDArray[np.generic], options: RenderOptions) -> Picture:
    return render(decoded_of(data_set, samples), attributes_of(data_set), options)


def test_all_stages_come_one_after_the_other() -> None:
    data_set = image(RAMP, PatientName="Doe^Jane", PatientID="4711", Modality="US", PixelSpacing=[2, 1])
    viewport = Viewport(100, 100, flip_horizontally=True)
    options = RenderOptions(None, viewport, annotations=frozenset(Annotation), icc_profile=IccProfile.SRGB)
    picture = rendered(data_set, RAMP, options)

    assert picture.pixels.shape == (100, 50, 3)
    assert picture.icc_profile
    assert picture.pixels[50, 0].min() > 240, "flipped: bright at the left"


def test_without_parameters_the_matrix_is_the_images() -> None:
    # PS3.18 8.3.5.1.3: without a viewport nothing is scaled, whatever the shape of the pixels.
    picture = rendered(image(RAMP, PixelSpacing=[2, 1]), RAMP, RenderOptions())

    assert np.array_equal(picture.pixels, RAMP)


@pytest.mark.parametrize("annotation", Annotation)
def test_annotations_are_drawn_where_they_belong(annotation: Annotation) -> None:
    black = np.zeros((400, 400), np.uint8)
    data_set = image(black, PatientName="Doe^Jane", Modality="CT", KVP=120, WindowCenter=100, WindowWidth=200)
    picture = rendered(data_set, black, RenderOptions(annotations=frozenset({annotation})))
    rows, columns = np.nonzero(picture.pixels)

    assert len(rows)
    assert columns.max() < 200
    assert rows.max() < 100 if annotation is Annotation.PATIENT else rows.min() > 300


def test_annotation_of_an_image_that_says_nothing() -> None:
    options = RenderOptions(annotations=frozenset(Annotation))

    assert np.array_equal(rendered(image(RAMP), RAMP, options).pixels, RAMP)


@pytest.mark.parametrize(("named", "count", "frame"), [(None, 1, 0), (None, 13, 6), (1, 13, 0), (14, 13, 6), (0, 2, 1)])
def test_representative_frame(named: int | None, count: int, frame: int) -> None:
    data_set = image(RAMP) if named is None else image(RAMP, RepresentativeFrameNumber=named)

    assert representative_frame(attributes_of(data_set), count) == frame


@pytest.mark.parametrize(("rows", "columns"), [(65535, 65535), (0, 0), (65535, 1)])
def test_pixel_bombs_are_refused_before_anything_is_allocated(rows: int, columns: int) -> None:
    document = image(np.zeros((1, 1), np.uint16)).to_json_dict()
    document |= {"00280010": {"vr": "US", "Value": [rows]}, "00280011": {"vr": "US", "Value": [columns]}}

    with pytest.raises(CannotTranscode):
        decode_frame(bytes(1000), EXPLICIT_VR_LITTLE_ENDIAN, PixelDescription.from_metadata(document))


def test_bombs_of_floating_point_pixels_are_refused() -> None:
    pixels = PixelDescription(65535, 65535, bits_allocated=32, bits_stored=32, is_float=True)

    with pytest.raises(CannotTranscode):
        decode_frame(bytes(1000), EXPLICIT_VR_LITTLE_ENDIAN, pixels)


def test_color_samples_of_a_monochrome_image_are_refused() -> None:
    color = np.zeros((4, 4, 3), np.uint8)

    with pytest.raises(NotRenderable):
        rendered(image(color, PhotometricInterpretation="MONOCHROME2"), color, RenderOptions())


@pytest.mark.parametrize("frame", [0, 14])
def test_gray_levels_of_a_dose_are_proportional_to_it(frame: int) -> None:
    path = Path(str(get_testdata_file("rtdose.dcm", download=False)))
    data_set, instance = pydicom.dcmread(path), Instance(path)
    dose = data_set.pixel_array[frame] * float(data_set.DoseGridScaling)
    levels = render(instance.decoded(frame), instance.attributes(frame), RenderOptions()).pixels

    assert np.abs(levels - np.minimum(dose / np.percentile(dose, 99), 1) * 255).max() <= 0.51


RECTANGULAR = {
    "ShutterShape": "RECTANGULAR",
    "ShutterLeftVerticalEdge": 10,
    "ShutterRightVerticalEdge": 100,
    "ShutterUpperHorizontalEdge": 20,
    "ShutterLowerHorizontalEdge": 200,
    "ShutterPresentationValue": 0x4000,
}


def behind_shutter(samples: NDArray[np.generic], shade: object) -> NDArray[np.generic]:
    """Open are the columns from 11 to 99 and the rows from 21 to 199: between the edges (PS3.3 C.7.6.11)."""
    covered = np.empty_like(samples)
    covered[...] = shade
    covered[20:199, 10:99] = samples[20:199, 10:99]
    return covered


def test_an_image_is_seen_through_its_shutter() -> None:
    picture = rendered(image(RAMP, **RECTANGULAR, WindowCenter=128, WindowWidth=256), RAMP, RenderOptions())

    assert np.array_equal(picture.pixels, behind_shutter(RAMP, 0x40))


def test_a_shutter_may_be_that_of_a_frame() -> None:
    shutter = Dataset()
    for keyword, value in RECTANGULAR.items():
        setattr(shutter, keyword, value)
    group = Dataset()
    group.FrameDisplayShutterSequence = [shutter]
    data_set = image(RAMP, PerFrameFunctionalGroupsSequence=[Dataset(), group], WindowCenter=128, WindowWidth=256)
    decoded = decoded_of(data_set, RAMP)
    first, second = (render(decoded, attributes_of(data_set, frame), RenderOptions()).pixels for frame in (0, 1))

    assert np.array_equal(first, RAMP)
    assert np.array_equal(second, behind_shutter(RAMP, 0x40))


def test_a_shutter_in_color_is_for_colors() -> None:
    blue = {"ShutterPresentationColorCIELabValue": [0x52B8, 0xCF4F, 0x1423]}  # L* 32.3, a* 79.2, b* -107.9
    colors = np.dstack([RAMP, RAMP.T, RAMP])
    picture = rendered(image(colors, **(RECTANGULAR | blue)), colors, RenderOptions())

    assert np.array_equal(picture.pixels[20:199, 10:99], colors[20:199, 10:99])
    assert np.ptp(picture.pixels[:20].reshape(-1, 3), axis=0).tolist() == [0, 0, 0]
    assert picture.pixels[0, 0].argmax() == 2
    gray = rendered(image(RAMP, **(RECTANGULAR | blue)), RAMP, RenderOptions())
    assert gray.pixels[0, 0] == 0x40


def test_an_overlay_that_is_a_shutter_is_not_drawn() -> None:
    data_set = image(RAMP, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, WindowCenter=128, WindowWidth=256)
    plane = np.zeros((256, 256), np.uint8)
    plane[:100] = 1
    data_set.add_new((0x6000, 0x0010), "US", 256)
    data_set.add_new((0x6000, 0x0011), "US", 256)
    data_set.add_new((0x6000, 0x3000), "OW", np.packbits(plane, bitorder="little").tobytes())
    pixels = rendered(data_set, RAMP, RenderOptions(overlays=True)).pixels

    assert not pixels[:100].any()
    assert np.array_equal(pixels[100:], RAMP[100:])


@pytest.mark.parametrize(
    "shutter",
    [
        {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6000},
        {"ShutterShape": "BITMAP"},
        {"ShutterShape": "STAR"},
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [128, 128], "RadiusOfCircularShutter": -5},
        {"ShutterShape": ["RECTANGULAR", "POLYGONAL"], "VerticesOfThePolygonalShutter": [900, 900, 950, 900, 950, 999]},
        {
            "ShutterShape": ["BITMAP", "CIRCULAR"],
            "CenterOfCircularShutter": [128, 128],
            "RadiusOfCircularShutter": 9999,
        },
    ],
)
def test_a_shutter_that_covers_nothing_leaves_the_image(shutter: dict[str, object]) -> None:
    picture = rendered(image(RAMP, **shutter, WindowCenter=128, WindowWidth=256), RAMP, RenderOptions())

    assert np.array_equal(picture.pixels, RAMP)
