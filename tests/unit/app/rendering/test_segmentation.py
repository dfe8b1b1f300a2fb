"""Segments in their colors."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.rendering.cielab import srgb_of_cielab
from app.rendering.errors import NotRenderable
from app.rendering.photometric import displayed_levels
from tests.unit.app.rendering.instances import attributes_of, decoded_of, image


@pytest.mark.parametrize("lab", [(0, 128, 128), (255, 128, 128), (130, 190, 160), (180, 90, 140), (100, 140, 90)])
def test_cielab_is_srgb_as_littlecms_converts_it(lab: tuple[int, int, int]) -> None:
    relative = ImageCms.Intent.RELATIVE_COLORIMETRIC
    spaces = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(*spaces, "LAB", "RGB", relative)
    # Pillow's bytes have a* and b* with a sign.
    pixel = Image.frombytes("LAB", (1, 1), bytes((lab[0], lab[1] ^ 0x80, lab[2] ^ 0x80)))
    expected = ImageCms.applyTransform(pixel, transform).getpixel((0, 0))
    color = srgb_of_cielab([lab[0] * 257, lab[1] * 257, lab[2] * 257])

    assert color is not None
    assert np.abs(np.subtract(color, expected)).max() <= 2


def segmentation(samples: NDArray[np.generic], kind: str, **attributes: object) -> Dataset:
    data_set = image(samples, SegmentationType=kind, **attributes)
    segments = [Dataset(), Dataset()]
    segments[0].SegmentNumber, segments[1].SegmentNumber = 1, 2
    segments[1].RecommendedDisplayCIELabValue = [0xFFFF, 0x8080, 0x8080]
    data_set.SegmentSequence = Sequence(segments)
    identification, group = Dataset(), Dataset()
    identification.ReferencedSegmentNumber = 2
    group.SegmentIdentificationSequence = Sequence([identification])
    data_set.PerFrameFunctionalGroupsSequence = Sequence([group])
    return data_set


def shown(data_set: Dataset, samples: NDArray[np.generic]) -> list[list[int]]:
    levels = displayed_levels(decoded_of(data_set, samples), attributes_of(data_set))
    return levels.reshape(-1, 3).tolist()


def test_binary_segment_is_in_its_recommended_color() -> None:
    samples = np.array([[0, 1]], np.uint8)
    data_set = segmentation(samples, "BINARY")
    data_set.BitsAllocated = data_set.BitsStored = 1

    assert shown(data_set, samples) == [[0, 0, 0], [255, 255, 255]]


def test_fractional_segment_is_as_bright_as_its_fraction() -> None:
    samples = np.array([[0, 50, 100]], np.uint8)

    assert shown(segmentation(samples, "FRACTIONAL", MaximumFractionalValue=100), samples) == [
        [0] * 3,
        [128] * 3,
        [255] * 3,
    ]


def test_labels_have_the_colors_of_their_segments() -> None:
    samples = np.array([[0, 1, 2, 999]], np.uint16)
    background, first, second, unknown = shown(segmentation(samples, "LABELMAP"), samples)

    assert (background, second) == ([0] * 3, [255] * 3)
    assert min(max(first), max(unknown)) > 100, "segments without a recommended color can be seen"


def test_labels_of_32_bits_are_refused() -> None:
    samples = np.array([[0, 2**32 - 1]], np.uint32)

    with pytest.raises(NotRenderable):
        shown(segmentation(samples, "LABELMAP"), samples)
