"""DICOM JSON as pydicom writes it, put right where pydicom deviates from PS3.18 Annex F or leaves a choice.

``_expected_attribute`` names the clause of each difference and makes it as narrow as it is.
"""

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import BYTES_VR

from storage.resource import ResourceKey

PIXEL_DATA_TAGS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
ANY_KEY = ResourceKey("1.2", "1.3", "1.4")

READ_BY_US_ONLY = {"dicom-test-files__emri_small_jpeg_2k_lossless_too_short.dcm"}
"""Encapsulated Pixel Data ends with the file, behind a whole fragment, but without delimiter: pydicom gives an empty
data set."""

UNREADABLE: dict[tuple[str, str], dict[str, object]] = {
    ("badVR.dcm", "00280008"): {"vr": "IS"},
    # Hexadecimal text in an IS: pydicom cannot write it, and no client could read it as the text it is.
}
"""What is expected where pydicom raises."""


def expected_json(data_set: Dataset, file: str, path: str = "") -> dict[str, object]:
    """The DICOM JSON object of a data set; ``file`` is its name, ``path`` where it is nested."""
    # PS3.18 F.2.2: no group lengths. Neither are file meta elements, commands or stray delimiters attributes.
    tags = [tag for tag in sorted(data_set.keys()) if tag.element and tag.group not in {0x0000, 0x0002, 0xFFFE}]
    return {f"{tag:08X}": _expected_attribute(data_set, tag, path, file) for tag in tags}


def _expected_attribute(data_set: Dataset, tag: int, path: str, file: str) -> dict[str, object]:
    key = f"{tag:08X}"
    if (file, key) in UNREADABLE:
        with pytest.raises(ValueError, match="invalid literal"):
            data_set[tag].to_json_dict(None, 0)
        return UNREADABLE[file, key]
    element: DataElement = data_set[tag]
    if element.VR == "SQ":
        items = [expected_json(item, file, f"{path}{key}/{number}/") for number, item in enumerate(element.value)]
        # PS3.18 F.2.5: an empty sequence has no Value; pydicom writes an empty array.
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
    if element.VR in BYTES_VR and element.value and (tag in PIXEL_DATA_TAGS or len(element.value) > 1024):
        return {"vr": element.VR, "BulkDataURI": f"/{ANY_KEY.path[1:]}/bulkdata/{path}{key}"}
    attribute = element.to_json_dict(None, 2**40)
    if element.VR == "PN" and "Value" in attribute:
        # PS3.18 F.2.2: only the name components that are not empty.
        attribute["Value"] = [{name: text for name, text in value.items() if text} for value in attribute["Value"]]
    if "Value" in attribute:
        # PS3.18 F.2.5: an empty value among others is null; pydicom writes an empty string or object.
        attribute["Value"] = [None if value in ("", {}) else value for value in attribute["Value"]]
    return attribute
