"""DICOM JSON (PS3.18 Annex F), written from the data elements as they were read."""

from collections.abc import Mapping, Sequence

import orjson

from app.dicom.ambiguous_vr import first_unsigned, resolve
from app.dicom.bulk_index import BulkValue
from app.dicom.character_set import UTF8
from app.dicom.compact_json import dumps
from app.dicom.elements import PIXEL_DATA_TAGS, DataSet, Element
from app.dicom.errors import LimitExceeded
from app.dicom.limits import ParseLimits
from app.dicom.values import CONVERTERS, WORD_SIZES, Value, inline_binary
from app.dicom.vr import AMBIGUOUS_VRS, KEYS
from storage.records import BASE_URL_MARK
from storage.resource import ByteRange, ResourceKey

Attribute = dict[str, object]
"""The JSON object of one attribute: ``vr``, and one of ``Value``, ``InlineBinary``, ``BulkDataURI`` or nothing."""

_LUT_DESCRIPTORS = frozenset({0x00281101, 0x00281102, 0x00281103, 0x00283002})
"""Of these, the first value is a number of entries, so unsigned also where the VR is SS (PS3.3 C.11.1.1.1)."""

_RARE_TAGS = PIXEL_DATA_TAGS | _LUT_DESCRIPTORS

_NOT_ATTRIBUTES = frozenset({0x0000, 0x0002, 0xFFFE})
"""The groups of command elements, file meta information and delimiters."""

_BITS_ALLOCATED = 0x00280100
_TEXT_VRS = frozenset({"LT", "ST", "UC", "UT"})


class JsonWriter:
    """Writes one instance; ``bulk_values`` gathers what the metadata only points to, by attribute path."""

    def __init__(self, limits: ParseLimits) -> None:
        self.bulk_values: dict[str, BulkValue] = {}
        self._bytes_left = limits.max_metadata

    def item(self, item: DataSet) -> bytes:
        """One item of a sequence as a JSON object. Raises LimitExceeded."""
        written = dumps(self.attributes(item))
        self._bytes_left -= len(written)
        if self._bytes_left < 0:
            raise LimitExceeded("The sequences of the data set are too long to be metadata.")
        return written

    def attributes(self, data_set: DataSet) -> dict[str, Attribute]:
        """The attributes of one level by their names, ascending (PS3.18 F.2.2).

        Absent are group lengths, file meta information, command elements and stray delimiters.
        """
        elements, encodings, little_endian = data_set.elements, data_set.encodings, data_set.little_endian
        attributes: dict[str, Attribute] = {}
        for tag in sorted(elements):
            element = elements[tag]
            if element.written is not None and element.written[0] is encodings:
                attributes[KEYS.get(tag) or f"{tag:08X}"] = element.written[1]
                continue
            value, convert = element.value, CONVERTERS.get(element.vr)
            if not tag & 0xFFFF or tag >> 16 in _NOT_ATTRIBUTES:
                continue
            if convert is None or not value or tag in _RARE_TAGS:
                attribute = self._rare_attribute(tag, element, data_set)
            else:
                values = convert(value, encodings, little_endian)
                attribute = {"vr": element.vr, "Value": values} if values else {"vr": element.vr}
                element.written = encodings, attribute  # and nobody changes it
            attributes[KEYS.get(tag) or f"{tag:08X}"] = attribute
        return attributes

    def _rare_attribute(self, tag: int, element: Element, data_set: DataSet) -> Attribute:
        """An attribute that is empty, a sequence, binary, of ambiguous VR or bulk data."""
        vr, value = element.vr, element.value
        if vr in AMBIGUOUS_VRS:
            vr = resolve(tag, vr, data_set)
        if vr == "SQ":
            items = element.items
            return {"vr": vr, "Value": orjson.Fragment(b"[" + b",".join(items) + b"]")} if items else {"vr": vr}
        if element.start == element.stop:
            return {"vr": vr}
        if value is None or tag in PIXEL_DATA_TAGS:
            return self._bulk(tag, vr, ByteRange(element.start, element.stop), data_set)
        convert = CONVERTERS.get(vr)
        if convert is None:
            return {"vr": vr, "InlineBinary": inline_binary(vr, value, data_set.little_endian)}
        values = convert(value, data_set.encodings, data_set.little_endian)
        if tag in _LUT_DESCRIPTORS:
            values = _unsigned_first(values)
        return {"vr": vr, "Value": values} if values else {"vr": vr}

    def _bulk(self, tag: int, vr: str, byte_range: ByteRange, data_set: DataSet) -> Attribute:
        path = f"{data_set.path}{tag:08X}"
        is_plain = vr not in _TEXT_VRS or data_set.encodings[0] == UTF8
        self.bulk_values[path] = BulkValue(
            vr,
            byte_range,
            word_size=1 if data_set.little_endian else word_size(tag, vr, data_set),
            encodings=() if is_plain else data_set.encodings,
        )
        return {"vr": vr, "BulkDataURI": orjson.Fragment(BASE_URL_MARK + path.encode() + b'"')}


def word_size(tag: int, vr: str, data_set: DataSet) -> int:
    """The bytes of the units that are swapped in a big endian file (PS3.5 7.3).

    Pixels of 32 or 64 bits in an OW are swapped as a whole: that is what writers do, and how pydicom reads them.
    """
    bits = (first_unsigned(data_set, _BITS_ALLOCATED) or 0) if vr == "OW" and tag in PIXEL_DATA_TAGS else 0
    return max(WORD_SIZES.get(vr, 1), bits // 8)


def _unsigned_first(values: Sequence[Value]) -> Sequence[Value]:
    if not values:
        return values
    first, *rest = values
    return [first + 0x10000 if rest and isinstance(first, int) and first < 0 else first, *rest]


def write(attributes: Mapping[str, Attribute], key: ResourceKey) -> bytes:
    """A JSON object of attributes; the URLs of its bulk data begin with BASE_URL_MARK in the DICOMweb root's place.

    While the items were written the instance's UIDs were not known yet, so the marks there stand for the path too.
    """
    return dumps(attributes).replace(BASE_URL_MARK, BASE_URL_MARK + f"{key.path[1:]}/bulkdata/".encode())
