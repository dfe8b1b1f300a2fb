"""Value representations: which VR a data element has, where the file does not say it or says it badly.

All rules are pydicom's, whose dictionaries are used: what it reads, we read alike.
"""

from functools import lru_cache

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR, private_dictionary_VR
from pydicom.valuerep import AMBIGUOUS_VR, EXPLICIT_VR_LENGTH_32, STANDARD_VR

EXPLICIT_VRS: dict[bytes, tuple[str, bool]] = {
    vr.value.encode(): (vr.value, vr in EXPLICIT_VR_LENGTH_32) for vr in STANDARD_VR
}
"""By the two bytes in the file: the VR, and whether two reserved bytes and four of length follow (PS3.5 7.1.2)."""

AMBIGUOUS_VRS = frozenset(vr.value for vr in AMBIGUOUS_VR)
"""What the dictionary says of an attribute whose VR depends on others; see ``ambiguous_vr``."""

DICTIONARY_VRS: dict[int, str] = {tag: str(entry[0]) for tag, entry in DicomDictionary.items()}
"""The VR of each attribute of PS3.6, by tag; without the repeating groups."""

KEYS: dict[int, str] = {tag: f"{tag:08X}" for tag in DICTIONARY_VRS}
"""The name of each attribute of PS3.6 in DICOM JSON, by tag (PS3.18 F.2.2)."""


@lru_cache(maxsize=4096)
def vr_of(tag: int, private_creator: str) -> str:
    """The VR of a tag, ``UN`` when unknown; of a private one in the block of ``private_creator`` (PS3.5 7.8, 6.2.2)."""
    known = DICTIONARY_VRS.get(tag)
    if known is not None:
        return known
    if tag & 0x10000:
        return _private_vr(tag, private_creator)
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UL" if tag & 0xFFFF == 0 else "UN"


def _private_vr(tag: int, private_creator: str) -> str:
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "LO"
    if not private_creator:
        return "UN"
    try:
        return str(private_dictionary_VR(tag, private_creator))
    except KeyError:
        return "UN"


def creator_tag(tag: int) -> int | None:
    """The tag of the private creator that has reserved the block of a private tag; None for all other tags."""
    if tag & 0x10000 and tag & 0xFF00:
        return tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
    return None
