"""Frames as presentation states show them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.rendering.options import RenderOptions, Viewport
from app.rendering.picture import Picture
from app.rendering.presentation_state import ReferencedImage, referenced_images
from app.rendering.presented import render_presented
from tests.sample_data import COLLECTION, COLLECTION_IS_MISSING
from tests.unit.app.rendering.instances import Instance, attributes_of, decoded_of, image

UID = "1.2.3"
VALUES = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)


def item(**values: object) -> Dataset:
    data_set = Dataset()
    for keyword, value in values.items():
        setattr(data_set, keyword, Sequence(value) if keyword.endswith("Sequence") else value)
    return data_set


def shown(
    state: Dataset, values: NDArray[np.generic] = VALUES, options: RenderOptions | None = None, **attributes: object
) -> Picture:
    data_set = image(values, SOPInstanceUID=UID, **attributes)
    frames = decoded_of(data_set, values), attributes_of(data_set), attributes_of(state)
    return render_presented(*frames, options or RenderOptions())


def of_image(uid: str, frames: list[int] | None = None) -> Dataset:
    reference = item(ReferencedSOPInstanceUID=uid)
    if frames:
        reference.ReferencedFrameNumber = frames
    return reference


def test_referenced_images() -> None:
    series = item(SeriesInstanceUID="1.9", ReferencedImageSequence=[of_image("1.2.3"), of_image("1.2.4", [2, 3])])
    state = item(ReferencedSeriesSequence=[series])

    assert referenced_images(attributes_of(state)) == [
        ReferencedImage("1.9", "1.2.3", ()),
        ReferencedImage("1.9", "1.2.4", (2, 3)),
    ]


def test_window_is_that_for_the_image_and_frame() -> None:
    windows = [
        item(WindowCenter=1000, WindowWidth=2, ReferencedImageSequence=[of_image("9.9")]),
        item(WindowCenter=1000, WindowWidth=2, ReferencedImageSequence=[of_image(UID, [2])]),
        item(WindowCenter=10.5, WindowWidth=21, ReferencedImageSequence=[of_image(UID)]),
    ]
    pixels = shown(item(SoftcopyVOILUTSequence=windows), WindowCenter=128, WindowWidth=256).pixels

    assert pixels.flat[:23].tolist() == [int(min(value, 20) / 20 * 255 + 0.5) for value in range(23)]


def test_state_without_window_leaves_that_of_the_image() -> None:
    assert np.array_equal(shown(item(), WindowCenter=128, WindowWidth=256).pixels, VALUES)


def test_modality_lut_of_the_state_counts() -> None:
    state = item(RescaleSlope=2, RescaleIntercept=-10, SoftcopyVOILUTSequence=[item(WindowCenter=128, WindowWidth=256)])

    assert np.array_equal(shown(state, RescaleSlope=7).pixels, np.clip(2 * VALUES.astype(int) - 10, 0, 255))


@pytest.mark.parametrize(("shape", "inverted"), [("IDENTITY", False), ("INVERSE", True)])
def test_polarity_is_the_states_whatever_the_image_says(shape: str, inverted: bool) -> None:
    pixels = shown(item(PresentationLUTShape=shape), PhotometricInterpretation="MONOCHROME1").pixels

    assert np.array_equal(pixels, 255 - VALUES if inverted else VALUES)


def test_presentation_lut_sequence_spans_the_gray_levels() -> None:
    table = item(LUTDescriptor=[2, 0, 8])
    table["LUTDescriptor"].VR = "US"
    table.add_new("LUTData", "OW", bytes([255, 0]))

    assert set(shown(item(PresentationLUTSequence=[table])).pixels[VALUES < 127].tolist()) == {255}


def area(left: int, top: int, right: int, bottom: int) -> Dataset:
    return item(
        DisplayedAreaSelectionSequence=[
            item(DisplayedAreaTopLeftHandCorner=[left, top], DisplayedAreaBottomRightHandCorner=[right, bottom])
        ]
    )


def test_displayed_area_counts_columns_and_rows_from_1() -> None:
    assert np.array_equal(shown(area(3, 2, 5, 4)).pixels, VALUES[1:4, 2:5])


@pytest.mark.parametrize("corners", [(-5, -5, 100, 100), (50, 50, 60, 60), (16, 12, 1, 1)])
def test_displayed_area_beyond_the_image_is_the_image(corners: tuple[int, int, int, int]) -> None:
    assert np.array_equal(shown(area(*corners)).pixels, VALUES)


@pytest.mark.parametrize(
    ("rotation", "flip", "expected"),
    [
        (90, "N", np.rot90(VALUES, -1)),
        (180, "N", VALUES[::-1, ::-1]),
        (270, "N", np.rot90(VALUES)),
        (0, "Y", VALUES[:, ::-1]),
        (90, "Y", np.rot90(VALUES, -1)[:, ::-1]),
    ],
)
def test_image_is_turned_clockwise_and_then_flipped(rotation: int, flip: str, expected: np.ndarray) -> None:
    assert np.array_equal(shown(item(ImageRotation=rotation, ImageHorizontalFlip=flip)).pixels, expected)


BLACK = np.zeros((60, 80), np.uint8)


def annotation(**values: object) -> Dataset:
    graphic = item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, **values)
    return item(
        GraphicAnnotationSequence=[item(GraphicLayer="L", GraphicObjectSequence=[graphic])],
        GraphicLayerSequence=[
            item(GraphicLayer="L", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=0xFFFF)
        ],
    )


def drawn(state: Dataset) -> tuple[list[int], list[int]]:
    """First and last row, first and last column of what is drawn."""
    rows, columns = np.nonzero(shown(state, BLACK, WindowCenter=128, WindowWidth=256).pixels.max(axis=2))
    return [int(rows.min()), int(rows.max())], [int(columns.min()), int(columns.max())]


@pytest.mark.parametrize(
    ("kind", "data", "rows", "columns"),
    [
        ("POLYLINE", [10, 20, 30, 40], [20, 40], [10, 30]),
        ("CIRCLE", [40, 30, 50, 30], [20, 40], [30, 50]),
        ("ELLIPSE", [20, 30, 60, 30, 40, 20, 40, 40], [20, 40], [20, 60]),
        ("POINT", [40, 30], [28, 32], [38, 42]),
    ],
)
def test_graphics_are_where_they_belong(kind: str, data: list[float], rows: list[int], columns: list[int]) -> None:
    shape = drawn(annotation(GraphicType=kind, GraphicData=data))

    assert np.abs(np.subtract(shape, (rows, columns))).max() <= 1


def test_graphics_turn_with_the_image() -> None:
    state = annotation(GraphicType="POLYLINE", GraphicData=[10, 20, 30, 20])
    state.ImageRotation, state.ImageHorizontalFlip = 90, "Y"
    rows, columns = drawn(state)

    # Clockwise the row 20 of 60 becomes the column 40, and flipped the column 20.
    assert np.abs(np.subtract((rows, columns), ([10, 30], [20, 20]))).max() <= 1


def test_texts_are_drawn_in_units_of_the_display() -> None:
    text = item(UnformattedTextValue="Lesion", AnchorPoint=[0.5, 0.5], AnchorPointAnnotationUnits="DISPLAY")
    rows, columns = drawn(item(GraphicAnnotationSequence=[item(GraphicLayer="L", TextObjectSequence=[text])]))

    assert rows[0] >= 29
    assert columns[0] >= 38


@pytest.mark.parametrize("data", [[], [1], [1e30, 1e30, -1e30, 5], [1, 2, 3]])
def test_senseless_graphics_do_no_harm(data: list[float]) -> None:
    for kind in ("POLYLINE", "CIRCLE", "ELLIPSE", "POINT", "INTERPOLATED", "STAR"):
        assert shown(annotation(GraphicType=kind, GraphicData=data), BLACK).pixels.shape == (60, 80, 3)


@pytest.mark.parametrize(
    ("attributes", "corner", "inside"),
    [
        (
            {
                "ShutterShape": "RECTANGULAR",
                "ShutterLeftVerticalEdge": 10,
                "ShutterRightVerticalEdge": 70,
                "ShutterUpperHorizontalEdge": 10,
                "ShutterLowerHorizontalEdge": 50,
            },
            (9, 9),
            (10, 10),
        ),
        (
            {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [31, 41], "RadiusOfCircularShutter": 20},
            (9, 40),
            (30, 40),
        ),
        ({"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 1, 80, 60, 1]}, (59, 79), (5, 5)),
    ],
)
def test_shutters(attributes: dict[str, object], corner: tuple[int, int], inside: tuple[int, int]) -> None:
    bright = np.full((60, 80), 200, np.uint8)
    pixels = shown(item(ShutterPresentationValue=0x4000, **attributes), bright).pixels

    assert (pixels[corner], pixels[inside]) == (0x40, 200)


def test_viewport_comes_last() -> None:
    picture = shown(area(1, 1, 4, 4), options=RenderOptions(viewport=Viewport(40, 80)))

    assert picture.pixels.shape == (40, 40)


def test_real_presentation_state_is_drawn_upon_its_image() -> None:
    path = COLLECTION / "pr-ko" / "ClearCanvas__real01.pr.dcm"
    if not path.is_file():
        pytest.skip(COLLECTION_IS_MISSING)
    state = Instance(path).attributes()
    (reference, *_) = referenced_images(state)
    values = np.zeros((512, 512), np.uint16)
    data_set = image(values, SOPInstanceUID=reference.sop_instance_uid)
    picture = render_presented(decoded_of(data_set, values), attributes_of(data_set), state, RenderOptions())

    assert picture.pixels.ndim == 3
    assert np.ptp(picture.pixels) > 100
