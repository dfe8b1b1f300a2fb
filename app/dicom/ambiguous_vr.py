"""Attributes that have one of several VRs, depending on other attributes (PS3.5 Annex A, PS3.6 chapter 6).

In implicit VR the file does not say which. The answers are those of pydicom's ``correct_ambiguous_vr``; where it has
none because the attribute to look at is absent, the VR is the one that loses no bits.
"""

from struct import unpack_from

from app.dicom.elements import PIXEL_DATA, DataSet, Element

_PIXEL_REPRESENTATION = 0x00280103
_BITS_ALLOCATED = 0x00280100
_LUT_DESCRIPTOR = 0x00283002
_WAVEFORM_BITS_ALLOCATED = 0x54001004

_WAVEFORM_TAGS = frozenset({0x54000110, 0x54000112, 0x5400100A, 0x54001010})


def resolve(tag: int, vr: str, data_set: DataSet) -> str:
    """The VR of an attribute whose VR in the dictionary is ambiguous, such as ``US or SS``."""
    if vr == "US or SS":
        return "SS" if _pixel_representation(data_set) else "US"
    if vr == "US or OW":
        return "US" if first_unsigned(data_set, _LUT_DESCRIPTOR) == 1 else "OW"
    if data_set.explicit_vr and tag == PIXEL_DATA:
        return "OW" if (first_unsigned(data_set, _BITS_ALLOCATED) or 0) > 8 else "OB"
    if data_set.explicit_vr and tag in _WAVEFORM_TAGS:
        return "OW" if (first_unsigned(data_set, _WAVEFORM_BITS_ALLOCATED) or 0) > 8 else "OB"
    return "OW"


def _pixel_representation(data_set: DataSet) -> int:
    """PixelRepresentation of the item, else of what is around it; 0 (unsigned) where there is none."""
    level: DataSet | None = data_set
    while level is not None:
        value = first_unsigned(level, _PIXEL_REPRESENTATION)
        if value is not None:
            return value
        level = level.parent
    return 0


def first_unsigned(data_set: DataSet, tag: int) -> int | None:
    """The first of an attribute's 16-bit values; None when it is absent, empty or longer than metadata values are."""
    element: Element | None = data_set.elements.get(tag)
    if element is None or element.value is None or len(element.value) < 2:
        return None
    value: int = unpack_from("<H" if data_set.little_endian else ">H", element.value)[0]
    return value
