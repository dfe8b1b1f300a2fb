"""A frame as a presentation state wants it to be shown (PS3.4 N.2, PS3.18 10.4.1.1.3).

decoded frame to gray levels     with the state's modality, VOI and presentation LUTs
shutter                          display_shutter
area, rotation, flip             displayed_area
annotations                      graphic_annotation
ICC profile, viewport, text      as in ``pipeline``
"""

import numpy as np

from app.rendering.annotation import annotated
from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.display_shutter import shuttered
from app.rendering.displayed_area import DisplayedArea
from app.rendering.graphic_annotation import draw_annotations
from app.rendering.icc_profile import with_icc_profile
from app.rendering.options import RenderOptions
from app.rendering.overlays import with_overlays
from app.rendering.photometric import displayed_levels
from app.rendering.picture import Picture
from app.rendering.presentation_state import PresentationState
from app.rendering.viewport import fitted


def render_presented(
    decoded: DecodedFrame, frame: FrameAttributes, state_attributes: FrameAttributes, options: RenderOptions
) -> Picture:
    """The picture of a frame with a presentation state, whose window and region come before those of ``options``.

    Raises NotRenderable, and InvalidRenderingParameter for a region outside of the picture.
    """
    state = PresentationState(state_attributes, frame)
    levels = displayed_levels(decoded, frame, state.stages())
    # The state's own overlays are always meant to be seen, those of the image only when asked for.
    levels = with_overlays(levels, decoded, state_attributes)
    if options.overlays:
        levels = with_overlays(levels, decoded, frame)
    area = DisplayedArea.read(state, frame, *levels.shape[:2])
    picture = with_icc_profile(area.cut_out(shuttered(levels, state_attributes)), frame, options.icc_profile)
    if state.items("GraphicAnnotationSequence"):
        image = picture.image().convert("RGB")
        draw_annotations(image, state, area.point)
        picture = Picture(np.asarray(image), picture.icc_profile)
    if options.viewport is not None:
        ratio = 1 / area.aspect_ratio if area.quarter_turns % 2 else area.aspect_ratio
        picture = Picture(fitted(picture.pixels, options.viewport, ratio), picture.icc_profile)
    return annotated(picture, frame, options.annotations)
