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


def test_what_an_area_has_beyond_the_image_is_black() -> None:
    assert np.array_equal(shown(area(-3, -1, 20, 14)).pixels, np.pad(VALUES, [(2, 2), (4, 4)]))


def test_an_area_is_that_for_the_image() -> None:
    areas = [item(ReferencedImageSequence=[of_image("9.9")]), item(ReferencedImageSequence=[of_image(UID)])]
    for each, right in zip(areas, (4, 9), strict=True):
        each.DisplayedAreaTopLeftHandCorner, each.DisplayedAreaBottomRightHandCorner = [1, 1], [right, 5]

    assert np.array_equal(shown(item(DisplayedAreaSelectionSequence=areas)).pixels, VALUES[:5, :9])


@pytest.mark.parametrize(("rotation", "size"), [(0, (18, 20)), (90, (20, 18))])
def test_a_magnified_area_has_as_many_pixels_as_is_said(rotation: int, size: tuple[int, int]) -> None:
    state = area(3, 2, 10, 7)
    state.DisplayedAreaSelectionSequence[0].PresentationSizeMode = "MAGNIFY"
    state.DisplayedAreaSelectionSequence[0].PresentationPixelMagnificationRatio = 2.5
    state.DisplayedAreaSelectionSequence[0].PresentationPixelAspectRatio = [6, 5]
    state.ImageRotation = rotation

    assert shown(state).pixels.shape == size
    assert shown(state, options=RenderOptions(viewport=Viewport(40, 40))).pixels.max() <= VALUES.max()


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


def test_texts_of_the_display_are_placed_within_all_of_the_area() -> None:
    text = item(UnformattedTextValue="X", AnchorPoint=[0.02, 0.02], AnchorPointAnnotationUnits="DISPLAY")
    state = item(GraphicAnnotationSequence=[item(GraphicLayer="L", TextObjectSequence=[text])])
    state.update(area(-39, -29, 120, 90))
    rows, columns = drawn(state)

    assert max(rows[1], columns[1]) < 20


@pytest.mark.parametrize(
    ("justification", "left", "right"), [("LEFT", 20, None), ("RIGHT", None, 60), ("CENTER", None, None)]
)
def test_a_text_is_justified_in_its_box(justification: str, left: int | None, right: int | None) -> None:
    text = item(UnformattedTextValue="ab", BoundingBoxAnnotationUnits="PIXEL")
    text.BoundingBoxTopLeftHandCorner, text.BoundingBoxBottomRightHandCorner = [20, 10], [60, 30]
    text.BoundingBoxTextHorizontalJustification = justification
    rows, columns = drawn(item(GraphicAnnotationSequence=[item(GraphicLayer="L", TextObjectSequence=[text])]))

    assert 9 <= rows[0] < 20
    assert left is None or abs(columns[0] - left) <= 2
    assert right is None or abs(columns[1] - right) <= 2
    assert justification != "CENTER" or abs(sum(columns) / 2 - 40) <= 2


@pytest.mark.parametrize("visibility", ["Y", "N"])
def test_a_line_leads_from_a_text_to_its_anchor(visibility: str) -> None:
    text = item(UnformattedTextValue="ab", BoundingBoxAnnotationUnits="PIXEL", AnchorPointAnnotationUnits="PIXEL")
    text.BoundingBoxTopLeftHandCorner, text.BoundingBoxBottomRightHandCorner = [20, 10], [60, 30]
    text.AnchorPoint, text.AnchorPointVisibility = [30, 55], visibility
    rows, _ = drawn(item(GraphicAnnotationSequence=[item(GraphicLayer="L", TextObjectSequence=[text])]))

    assert 54 <= rows[1] <= 56 if visibility == "Y" else rows[1] < 35


def test_graphics_are_drawn_in_the_viewport_and_not_scaled_with_the_image() -> None:
    state = annotation(GraphicType="POLYLINE", GraphicData=[10, 20, 30, 20])
    viewport = Viewport(320, 240, left=5, top=10, region_width=40, region_height=30, flip_horizontally=True)
    picture = shown(state, BLACK, RenderOptions(viewport=viewport), WindowCenter=128, WindowWidth=256)
    pixels = picture.pixels.max(axis=2)
    rows, columns = np.nonzero(pixels)

    # Eight pixels of the viewport for each of the image; flipped, the left end 5 pixels from the edge is at the right.
    assert (abs(rows.min() - 80) <= 1, abs(columns.min() - 120) <= 1, abs(columns.max() - 280) <= 1) == (True,) * 3
    assert np.ptp(rows) <= 1


def layer(name: str, order: int, **colors: object) -> Dataset:
    return item(GraphicLayer=name, GraphicLayerOrder=order, **colors)


def square(name: str, **style: object) -> Dataset:
    data = [10, 10, 50, 10, 50, 50, 10, 50, 10, 10]
    graphic = item(GraphicType="POLYLINE", GraphicData=data, GraphicFilled="Y", GraphicAnnotationUnits="PIXEL", **style)
    return item(GraphicLayer=name, GraphicObjectSequence=[graphic])


GREEN_LAB, RED_LAB = [0xE0BB, 0x2A00, 0xD300], [0x885C, 0xD000, 0xC300]
"""Of L* 88, a* -86, b* 83 and L* 53, a* 80, b* 67, which are green and red of sRGB."""


def test_the_last_layer_is_on_top_in_its_color() -> None:
    state = item(
        GraphicAnnotationSequence=[square("TOP"), square("BELOW")],
        GraphicLayerSequence=[
            layer("TOP", 7, GraphicLayerRecommendedDisplayCIELabValue=GREEN_LAB),
            layer("BELOW", 2, GraphicLayerRecommendedDisplayCIELabValue=RED_LAB),
        ],
    )
    red, green, blue = shown(state, BLACK).pixels[30, 30].tolist()

    assert green > 240
    assert max(red, blue) < 60


def test_a_color_comes_before_a_gray_level_and_a_style_before_the_layer() -> None:
    layers = [layer("L", 1, GraphicLayerRecommendedDisplayGrayscaleValue=0x8000)]
    styled = square("L", FillStyleSequence=[item(PatternOnColorCIELabValue=RED_LAB)])
    gray = shown(item(GraphicAnnotationSequence=[square("L")], GraphicLayerSequence=layers), BLACK).pixels[30, 30]
    red = shown(item(GraphicAnnotationSequence=[styled], GraphicLayerSequence=layers), BLACK).pixels[30, 30]
    layers[0].GraphicLayerRecommendedDisplayCIELabValue = GREEN_LAB
    green = shown(item(GraphicAnnotationSequence=[square("L")], GraphicLayerSequence=layers), BLACK).pixels[30, 30]

    assert gray.tolist() == [0x80] * 3
    assert red.argmax() == 0
    assert red[0] > 240
    assert green.argmax() == 1


def test_compound_graphics_leave_what_stands_for_them() -> None:
    """Each has a graphic or text beside it for those who do not know it (PS3.3 C.10.5)."""
    state = annotation(GraphicType="POLYLINE", GraphicData=[10, 20, 30, 20])
    ruler = item(CompoundGraphicType="RULER", GraphicData=[10, 20, 70, 20], CompoundGraphicUnits="PIXEL")
    state.GraphicAnnotationSequence[0].CompoundGraphicSequence = Sequence([ruler])

    assert drawn(state)[1] == [10, 30]


def with_overlay(data_set: Dataset, rows: slice, group: int = 0x6000) -> Dataset:
    """An overlay of the size of BLACK that is set in some rows."""
    plane = np.zeros(BLACK.shape, np.uint8)
    plane[rows] = 1
    data_set.add_new((group, 0x0010), "US", plane.shape[0])
    data_set.add_new((group, 0x0011), "US", plane.shape[1])
    data_set.add_new((group, 0x3000), "OW", np.packbits(plane, bitorder="little").tobytes())
    return data_set


@pytest.mark.parametrize(
    ("layer_of_overlay", "own", "of_image", "rows"),
    [
        (None, True, False, range(5)),
        (None, False, True, []),
        ("L", False, True, range(10, 15)),
        ("L", True, True, range(5)),
        ("", True, True, []),
        ("L", False, False, []),
    ],
)
def test_overlays_are_drawn_that_the_state_activates(
    layer_of_overlay: str | None, own: bool, of_image: bool, rows: list[int]
) -> None:
    data_set, state = image(BLACK, SOPInstanceUID=UID, WindowCenter=128, WindowWidth=256), item()
    if own:
        with_overlay(state, slice(0, 5))
    if of_image:
        with_overlay(data_set, slice(10, 15))
    if layer_of_overlay is not None:
        state.add_new((0x6000, 0x1001), "CS", layer_of_overlay)
    decoded = decoded_of(data_set, BLACK)
    picture = render_presented(decoded, attributes_of(data_set), attributes_of(state), RenderOptions())

    assert np.flatnonzero(picture.pixels.any(axis=1)).tolist() == list(rows)


def test_a_bitmap_shutter_covers_where_it_is_set_and_is_no_overlay() -> None:
    state = with_overlay(item(ShutterShape="BITMAP", ShutterOverlayGroup=0x6002), slice(0, 5), 0x6002)
    state.ShutterPresentationValue = 0x4000
    pixels = shown(state, np.full(BLACK.shape, 200, np.uint8), WindowCenter=128, WindowWidth=256).pixels

    assert (set(pixels[:5].flat), set(pixels[5:].flat)) == ({0x40}, {200})


def test_the_shutter_of_the_image_gives_way_to_the_state() -> None:
    shutter = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [6, 8], "RadiusOfCircularShutter": 2}

    assert np.array_equal(shown(item(), **shutter, WindowCenter=128, WindowWidth=256).pixels, VALUES)


def test_a_pseudo_color_state_gives_colors_to_gray_levels() -> None:
    state = item(SoftcopyVOILUTSequence=[item(WindowCenter=128, WindowWidth=256)])
    for color, entries in (("Red", [0, 255]), ("Green", [10, 10]), ("Blue", [255, 0])):
        state.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [2, 0, 16])
        state.add_new(f"{color}PaletteColorLookupTableData", "OW", (np.array(entries, "<u2") * 257).tobytes())
    pixels = shown(state).pixels

    assert np.array_equal(pixels[..., 0] == 255, VALUES > 127)
    assert np.array_equal(pixels[..., 2] == 255, VALUES <= 127)
    assert set(pixels[..., 1].flat) == {10}


def test_a_color_state_shows_colors_as_they_are() -> None:
    colors = np.dstack([VALUES, VALUES[::-1], VALUES[:, ::-1]])

    assert np.array_equal(shown(item(ImageHorizontalFlip="Y"), colors).pixels, colors[:, ::-1])


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
