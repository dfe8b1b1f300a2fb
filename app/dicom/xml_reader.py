"""The Native DICOM Model: a DICOM JSON object read from XML (PS3.19 A.1, PS3.18 F.3.1).

The XML comes from strangers. A document type declaration is refused before anything is parsed, and with it every entity
but the five of XML itself; only UTF-8 is read; nesting and the number of elements are bounded. How long a document may
be is for the caller to say.
"""

import re
from collections.abc import Callable, Sequence
from math import isfinite, isnan
from xml.etree import ElementTree as ET

from app.dicom.errors import LimitExceeded, MalformedDataSet
from app.dicom.json_writer import Attribute
from app.dicom.limits import DEFAULT_LIMITS, ParseLimits
from app.dicom.values import MAX_SAFE_INTEGER, NAME_GROUPS, Value
from app.dicom.vr import AMBIGUOUS_VRS, EXPLICIT_VRS, vr_of
from app.dicom.xml_writer import NAME_COMPONENTS, is_private, private_creators

MAX_MARKUP = 2_000_000
"""Tags of a document: an element takes some hundred bytes of memory however short it is. A structured report has a few
ten thousand."""

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_VRS = frozenset(vr for vr, _ in EXPLICIT_VRS.values())
_BLOCKS = range(0x10, 0x100)
"""The blocks of private attributes in a group (PS3.5 7.8.1)."""
_NOT_FINITE = {"inf": "Infinity", "-inf": "-Infinity"}


def read_xml(data: bytes, limits: ParseLimits = DEFAULT_LIMITS) -> dict[str, Attribute]:
    """The attributes by their names, ascending, as ``xml_writer.write_xml`` had them.

    Elements are known by their local names, for clients also send them without the namespace. Raises MalformedDataSet
    and LimitExceeded.
    """
    if b"\0" in data:
        raise MalformedDataSet("The XML is not in UTF-8.")
    # In UTF-8 a declaration has no other spelling. Inside a comment it would be harmless, but nobody needs it there.
    if b"<!DOCTYPE" in data:
        raise MalformedDataSet("The XML has a document type declaration, which is not allowed here.")
    if data.count(b"<") > MAX_MARKUP:
        raise LimitExceeded(f"The XML has more than {MAX_MARKUP} tags.")
    try:
        root = ET.fromstring(data, ET.XMLParser(encoding="utf-8"))  # noqa: S314
    except ET.ParseError as error:
        raise MalformedDataSet(f"The XML is not well-formed: {error}.") from error
    if _name(root) != "NativeDicomModel":
        raise MalformedDataSet(f"The XML is a {_name(root)}, not a NativeDicomModel (PS3.19 A.1.6).")
    return _read_data_set(root, limits.max_depth)


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _read_data_set(parent: ET.Element, depth: int) -> dict[str, Attribute]:
    """The attributes of the model or of an item; ``depth`` is how many more sequences may be inside one another."""
    attributes: dict[str, Attribute] = {}
    private: list[ET.Element] = []
    for element in parent:
        if _name(element) != "DicomAttribute":
            raise MalformedDataSet(f"A {_name(element)} stands where a DicomAttribute is expected.")
        if element.get("privateCreator") and is_private(_tag(element)):
            private.append(element)
        else:
            _add(attributes, _tag(element), element, depth)
    _add_private(attributes, private, depth)
    return {key: attributes[key] for key in sorted(attributes)}


def _tag(element: ET.Element) -> str:
    tag = element.get("tag", "")
    if not _TAG.fullmatch(tag):
        raise MalformedDataSet(f"{tag!r} is not a tag of eight hexadecimal digits.")
    return tag.upper()


def _add_private(attributes: dict[str, Attribute], elements: Sequence[ET.Element], depth: int) -> None:
    """Add what names its private creator, in the block that the creator has reserved or reserves now (PS3.5 7.8.1)."""
    blocks = {(block[:4], name): block for block, name in private_creators(attributes).items()}
    for element in elements:
        tag, creator = _tag(element), element.get("privateCreator", "")
        block = blocks.get((tag[:4], creator))
        if block is None:
            block = blocks[tag[:4], creator] = _reserve_block(attributes, tag[:4], creator)
        _add(attributes, block + tag[6:], element, depth)


def _reserve_block(attributes: dict[str, Attribute], group: str, creator: str) -> str:
    for number in _BLOCKS:
        key = f"{group}00{number:02X}"
        if key not in attributes:
            attributes[key] = {"vr": "LO", "Value": [creator]}
            return f"{group}{number:02X}"
    raise MalformedDataSet(f"Group {group} has more private creators than there are blocks.")


def _add(attributes: dict[str, Attribute], key: str, element: ET.Element, depth: int) -> None:
    if key in attributes:
        raise MalformedDataSet(f"The attribute {key} occurs twice.")
    try:
        attributes[key] = _read_attribute(key, element, depth)
    except ValueError as error:
        raise MalformedDataSet(f"The attribute {key} cannot be read: {error}.") from error


def _read_attribute(key: str, element: ET.Element, depth: int) -> Attribute:
    names = {_name(child) for child in element}
    vr = element.get("vr") or _known_vr(key, element.get("privateCreator", ""), names)
    if vr not in _VRS:
        raise ValueError(f"{vr!r} is not a value representation")
    if not names:
        return {"vr": vr}
    if len(names) > 1:
        raise ValueError(f"it has {' and '.join(sorted(names))} at once")
    return {"vr": vr, **_read_content(vr, names.pop(), list(element), depth)}


def _known_vr(key: str, creator: str, content: set[str]) -> str:
    """The VR by the dictionary, where the document says none; of several the one that fits the content."""
    vr = vr_of(int(key, 16), creator)
    if vr not in AMBIGUOUS_VRS:
        return vr
    return "US" if "Value" in content else "OW"


def _read_content(vr: str, name: str, children: Sequence[ET.Element], depth: int) -> dict[str, object]:
    if name == "BulkData":
        uri = _only(children).get("uri") or _only(children).get("uuid")
        if not uri:
            raise ValueError("its BulkData has no uri")
        return {"BulkDataURI": uri}
    if name == "InlineBinary":
        return {"InlineBinary": "".join(_text(_only(children)).split())}
    if name != {"SQ": "Item", "PN": "PersonName"}.get(vr, "Value"):
        raise ValueError(f"a {name} does not belong in an attribute of VR {vr}")
    _check_numbers(children)
    if vr == "SQ":
        if depth <= 0:
            raise LimitExceeded("The sequences lie too deep in one another.")
        return {"Value": [_read_data_set(child, depth - 1) for child in children]}
    read = _person_name if vr == "PN" else _READERS.get(vr, _string)
    return {"Value": [read(child) for child in children]}


def _only(children: Sequence[ET.Element]) -> ET.Element:
    if len(children) != 1:
        raise ValueError(f"it has more than one {_name(children[0])}")
    return children[0]


def _check_numbers(children: Sequence[ET.Element]) -> None:
    """The numbers of values and items count from 1, in order and without gaps (PS3.19 Table A.1.5-2)."""
    for expected, child in enumerate(children, 1):
        if child.get("number") != str(expected):
            raise ValueError(f"a {_name(child)} has number {child.get('number')!r} where {expected} is expected")


def _text(element: ET.Element) -> str:
    if len(element):
        raise ValueError(f"a {_name(element)} holds a {_name(element[0])}")
    return element.text or ""


def _string(element: ET.Element) -> Value:
    return _text(element) or None


def _person_name(element: ET.Element) -> Value:
    groups: dict[str, str] = {}
    for group in element:
        if _name(group) not in NAME_GROUPS:
            raise ValueError(f"a PersonName holds a {_name(group)}")
        groups[_name(group)] = _components(group)
    return groups or None


def _components(group: ET.Element) -> str:
    """The components as one text, with as many delimiters as the last one needs (PS3.5 6.2.1)."""
    components: list[str] = []
    for component in group:
        if _name(component) not in NAME_COMPONENTS:
            raise ValueError(f"a {_name(group)} holds a {_name(component)}")
        position = NAME_COMPONENTS.index(_name(component))
        components += [""] * (position + 1 - len(components))
        components[position] = _text(component)
    return "^".join(components)


def _number(parse: Callable[[str], Value]) -> Callable[[ET.Element], Value]:
    def read(element: ET.Element) -> Value:
        text = _text(element).strip()
        try:
            # Python also takes underscores and the digits of all scripts for numbers.
            number = parse(text) if text and "_" not in text and text.isascii() else None
        except ValueError:
            number = None
        if text and number is None:
            raise ValueError(f"{text[:40]!r} is not a number")
        return number

    return read


def _integer(text: str) -> Value:
    number = int(text)
    return number if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER else str(number)


def _decimal(text: str) -> Value:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _float(text: str) -> Value:
    """Infinity and NaN are texts, for JSON has no such numbers."""
    number = float(text)
    if isfinite(number):
        return number
    return "NaN" if isnan(number) else _NOT_FINITE[str(number)]


_READERS: dict[str, Callable[[ET.Element], Value]] = {
    **dict.fromkeys(("IS", "SL", "SS", "SV", "UL", "US", "UV"), _number(_integer)),
    **dict.fromkeys(("FD", "FL"), _number(_float)),
    "DS": _number(_decimal),
}
"""The VRs whose values are numbers in DICOM JSON (PS3.18 F.2.3)."""
