"""The pixel transformation sequence: from a decoded frame to the picture that is shown (PS3.4 N.2, PS3.18 8.3.5).

decoded frame                         decoded_frame
  monochrome   modality LUT           modality_lut
               VOI LUT                voi_lut, automatic_window
               presentation LUT       presentation_lut, pixel_padding
  palette      palette color LUTs     palette_color
  color        to RGB                 color
  segments     recommended colors     segmentation
shutter                               display_shutter
overlays                              overlays
ICC profile                           icc_profile
region, scale, flip                   viewport
text                                  annotation
"""

from app.rendering.annotation import annotated
from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.display_shutter import shuttered
from app.rendering.grayscale import GrayscaleStages
from app.rendering.icc_profile import with_icc_profile
from app.rendering.options import RenderOptions
from app.rendering.overlays import with_overlays
from app.rendering.photometric import displayed_levels
from app.rendering.picture import Picture
from app.rendering.viewport import fitted, pixel_aspect_ratio


def render(decoded: DecodedFrame, frame: FrameAttributes, options: RenderOptions) -> Picture:
    """The picture of a frame. Raises NotRenderable, and InvalidRenderingParameter for a region outside of the image."""
    levels = shuttered(displayed_levels(decoded, frame, GrayscaleStages(voi=options.window)), frame)
    if options.overlays:
        levels = with_overlays(levels, decoded, frame)
    picture = with_icc_profile(levels, frame, options.icc_profile)
    if options.viewport is not None:
        pixels = fitted(picture.pixels, options.viewport, pixel_aspect_ratio(frame))
        picture = Picture(pixels, picture.icc_profile)
    return annotated(picture, frame, options.annotations)


def representative_frame(attributes: Attributes, number_of_frames: int) -> int:
    """The frame, counted from 0, that stands for all: the one the maker names, or the middle (PS3.3 C.7.6.6).

    ``number_of_frames`` is how many there are, at least one, which is not always what the instance says.
    """
    named = attributes.integer("RepresentativeFrameNumber") or 0
    return named - 1 if 1 <= named <= number_of_frames else number_of_frames // 2
