"""Text drawn upon the picture: who the patient is, and how the image was made (PS3.18 8.3.5.1.1)."""

import numpy as np
from PIL import ImageDraw

from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.lettering import font
from app.rendering.options import Annotation
from app.rendering.picture import Picture

_PATIENT = (("PatientName", ""), ("PatientID", ""), ("PatientBirthDate", ""), ("PatientSex", ""))
_TECHNIQUE = (
    ("Modality", ""),
    ("StudyDate", ""),
    ("StudyDescription", ""),
    ("SeriesDescription", ""),
    ("SliceThickness", " mm"),
    ("KVP", " kV"),
    ("XRayTubeCurrent", " mA"),
    ("Exposure", " mAs"),
    ("RepetitionTime", " ms TR"),
    ("EchoTime", " ms TE"),
)
"""Keywords, and the unit behind the value."""

_MAX_CHARACTERS = 48
_LINES_PER_HEIGHT = 40


def annotated(picture: Picture, frame: FrameAttributes, annotations: frozenset[Annotation]) -> Picture:
    """The picture with the patient at the top left and the technique at the bottom left, each if asked for."""
    if not annotations:
        return picture
    image = picture.image()
    draw = ImageDraw.Draw(image)
    letters = font(max(10, image.height // _LINES_PER_HEIGHT))
    margin = image.height // (2 * _LINES_PER_HEIGHT)
    white: int | tuple[int, int, int] = (255, 255, 255) if picture.is_color else 255
    if Annotation.PATIENT in annotations:
        draw.text((margin, margin), _lines(frame, _PATIENT), white, letters, "la", stroke_width=1, stroke_fill=0)
    if Annotation.TECHNIQUE in annotations:
        text, bottom = _lines(frame, _TECHNIQUE), image.height - margin
        draw.text((margin, bottom), text, white, letters, "ld", stroke_width=1, stroke_fill=0)
    return Picture(np.asarray(image), picture.icc_profile)


def _lines(attributes: Attributes, keywords: tuple[tuple[str, str], ...]) -> str:
    texts = ((attributes.text(keyword), unit) for keyword, unit in keywords)
    return "\n".join(text.replace("^", " ").strip()[:_MAX_CHARACTERS] + unit for text, unit in texts if text.strip())
