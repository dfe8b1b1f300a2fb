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
