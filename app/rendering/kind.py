"""What kind of thing an instance is when it is to be shown, and as which media types (PS3.18 8.7.4, 8.7.2)."""

from enum import StrEnum

from app.dicom.transfer_syntax import transfer_syntax
from app.rendering.attributes import Attributes

PRESENTATION_STATES = frozenset(f"1.2.840.10008.5.1.4.1.1.11.{number}" for number in (1, 2, 3))
"""Grayscale, Color and Pseudo-Color Softcopy Presentation State Storage."""

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


class Kind(StrEnum):
    """How an instance is rendered."""

    IMAGE = "image"
    VIDEO = "video"
    WAVEFORM = "waveform"
    REPORT = "report"
    DOCUMENT = "document"
    PRESENTATION_STATE = "presentation state"
    NOTHING = "nothing"


_KINDS = {
    "WaveformSequence": Kind.WAVEFORM,
    "EncapsulatedDocument": Kind.DOCUMENT,
    "ContentSequence": Kind.REPORT,
}
"""By the attribute that holds what is to be shown."""


def kind_of(attributes: Attributes, transfer_syntax_uid: str) -> Kind:
    """The kind of an instance, by what it holds rather than by its SOP Class, which may be private."""
    if any(keyword in attributes for keyword in _PIXELS):
        return Kind.VIDEO if transfer_syntax(transfer_syntax_uid).is_video else Kind.IMAGE
    if attributes.text("SOPClassUID") in PRESENTATION_STATES:
        return Kind.PRESENTATION_STATE
    return next((kind for keyword, kind in _KINDS.items() if keyword in attributes), Kind.NOTHING)
