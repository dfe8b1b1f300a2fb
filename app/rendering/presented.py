"""A frame as a presentation state wants it to be shown (PS3.4 N.2, PS3.18 10.4.1.1.3).

decoded frame to gray levels     with the state's modality, VOI and presentation LUTs
colors of gray levels            palette_color
shutter                          display_shutter
overlays                         overlays
area, rotation, flip             displayed_area
ICC profile, viewport            as in ``pipeline``
annotations                      graphic_annotation
text                             annotation
"""

import numpy as np
from numpy.typing import NDArray

from app.rendering.annotation import annotated
from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.display_shutter import shuttered
from app.rendering.displayed_area import DisplayedArea
from app.rendering.graphic_annotation import draw_annotations
from app.rendering.icc_profile import with_icc_profile
from app.rendering.options import RenderOptions
from app.rendering.overlays import with_overlays
from app.rendering.palette_color import read_palette
from app.rendering.photometric import displayed_levels
from app.rendering.picture import Picture
from app.rendering.presentation_state import PresentationState
from app.rendering.viewport import Scaling


def render_presented(
    decoded: DecodedFrame, frame: FrameAttributes, state_attributes: FrameAttributes, options: RenderOptions
) -> Picture:
    """The picture of a frame with a presentation state, whose window and region come before those of ``options``.

    Raises NotRenderable, and InvalidRenderingParameter for a region outside of the picture.
    """
    state = PresentationState(state_attributes, frame)
    levels = _levels(decoded, frame, state, overlays=options.overlays)
    area = DisplayedArea.read(state, frame, *levels.shape[:2])
    with_profile = state_attributes if "ICCProfile" in state_attributes else frame
    picture = with_icc_profile(area.cut_out(levels), with_profile, options.icc_profile)
    viewport = options.viewport or area.viewport
    scaling = None if viewport is None else Scaling.into(viewport, *area.size, area.turned_aspect_ratio)
    if scaling is not None:
        picture = Picture(scaling.scaled(picture.pixels), picture.icc_profile)

    def place(x: float, y: float, units: str) -> tuple[float, float]:
        """Units of DISPLAY are parts of the area's width and height (PS3.3 C.10.5.1.1)."""
        x, y = (x * area.size[0], y * area.size[1]) if units == "DISPLAY" else area.point(x, y)
        return (x, y) if scaling is None else scaling.point(x, y)

    if state.items("GraphicAnnotationSequence"):
        image = picture.image().convert("RGB")
        draw_annotations(image, state, place)
        picture = Picture(np.asarray(image), picture.icc_profile)
    return annotated(picture, frame, options.annotations)


def _levels(
    decoded: DecodedFrame, frame: FrameAttributes, state: PresentationState, *, overlays: bool
) -> NDArray[np.uint8]:
    """Gray levels or RGB of the whole image, with shutter and overlays; those of the image by ``overlays``."""
    levels = displayed_levels(decoded, frame, state.stages())
    palette = read_palette(state.attributes)
    if palette is not None and levels.ndim == 2:
        levels = palette.spread(levels)
    levels = shuttered(levels, state.attributes)
    own_overlays, overlays_of_image = state.overlay_groups(of_image=overlays)
    levels = with_overlays(levels, decoded, state.attributes, own_overlays)
    return with_overlays(levels, decoded, frame, overlays_of_image)
