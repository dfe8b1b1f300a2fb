"""Files taken apart by pydicom into metadata and bulk data, as clients send them that make instances themselves."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from tests.multipart_requests import RequestPart
from tests.source_frames import source_frames

INLINE_BYTES = 256
"""Binary values up to this length stay in the metadata."""

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
NAME_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
"""PS3.19 A.1.5."""


@dataclass(frozen=True, slots=True)
class TakenApart:
    """The DICOM JSON object of an instance, and the parts that hold what its BulkDataURIs name."""

    metadata: dict[str, Any]
    bulk: Sequence[RequestPart]

    def as_json(self) -> RequestPart:
        """The metadata as a part in DICOM JSON (PS3.18 F.2.1: an array)."""
        return RequestPart(b"Content-Type: application/dicom+json\r\n", json.dumps([self.metadata]).encode())

    def as_xml(self) -> RequestPart:
        """The metadata as a part in the Native DICOM Model."""
        return RequestPart(b"Content-Type: application/dicom+xml\r\n", native_dicom_model(self.metadata))


def taken_apart(data_set: Dataset, media_type: str = "application/octet-stream") -> TakenApart:
    """Take a data set apart. Encapsulated pixel data become one part for each frame, of this media type."""
    bulk: list[RequestPart] = []

    def part_of(element: DataElement) -> str:
        uri = f"bulk/{data_set.SOPInstanceUID}/{len(bulk)}"
        is_encapsulated = element.tag == 0x7FE00010 and element.is_undefined_length
        bodies = source_frames(data_set) if is_encapsulated else [element.value]
        for body in bodies:
            headers = f"Content-Type: {media_type if is_encapsulated else 'application/octet-stream'}\r\n"
            bulk.append(RequestPart(f"{headers}Content-Location: {uri}\r\n".encode(), body))
        return uri

    return TakenApart(data_set.to_json_dict(INLINE_BYTES, part_of), bulk)


def native_dicom_model(metadata: Mapping[str, Any]) -> bytes:
    """The Native DICOM Model of a DICOM JSON object without private attributes (PS3.19 A.1)."""
    root = ET.Element("NativeDicomModel", {"xmlns": NAMESPACE})
    _add_attributes(root, metadata)
    document: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return document


def _add_attributes(parent: ET.Element, metadata: Mapping[str, Any]) -> None:
    for tag, attribute in metadata.items():
        element = ET.SubElement(parent, "DicomAttribute", {"tag": tag, "vr": attribute["vr"]})
        if "BulkDataURI" in attribute:
            ET.SubElement(element, "BulkData", uri=attribute["BulkDataURI"])
        elif "InlineBinary" in attribute:
            ET.SubElement(element, "InlineBinary").text = attribute["InlineBinary"]
        for number, value in enumerate(attribute.get("Value", ()), 1):
            add = _ADD.get(attribute["vr"], _add_value)
            add(element, str(number), value)


def _add_item(parent: ET.Element, number: str, item: Mapping[str, Any]) -> None:
    _add_attributes(ET.SubElement(parent, "Item", number=number), item)


def _add_name(parent: ET.Element, number: str, name: Mapping[str, str]) -> None:
    element = ET.SubElement(parent, "PersonName", number=number)
    for group, text in name.items():
        components = ET.SubElement(element, group)
        for keyword, component in zip(NAME_COMPONENTS, text.split("^"), strict=False):
            ET.SubElement(components, keyword).text = component


def _add_value(parent: ET.Element, number: str, value: object) -> None:
    ET.SubElement(parent, "Value", number=number).text = "" if value is None else str(value)


_ADD: dict[str, Callable[[ET.Element, str, Any], None]] = {"SQ": _add_item, "PN": _add_name}
