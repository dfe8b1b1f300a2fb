"""The Native DICOM Model: XML written from a DICOM JSON object (PS3.19 A.1, PS3.18 F.3.1)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from pydicom.datadict import keyword_for_tag

from app.dicom.json_writer import Attribute
from app.dicom.values import NAME_GROUPS

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
"""The namespace of all elements (PS3.19 A.1.6)."""

NAME_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
"""The components of one group of a person name, in the order of PS3.5 6.2.1."""

_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">'
_TAIL = "</NativeDicomModel>"

_NOT_PLAIN = re.compile('[&<>"\0-\x1f\ud800-\udfff\ufffe\uffff]')
"""The characters that ``_ESCAPES`` replaces, and line feed and tab, which only attribute values cannot hold plainly."""

_ESCAPES: dict[int, str] = {
    **dict.fromkeys([*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"),
    **{ord(char): char for char in "\t\n"},
    # A parser reads a plain carriage return as a line feed.
    ord("\r"): "&#13;",
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
}
"""What a character becomes. XML 1.0 has no form at all for control characters, such as the escape and form feed of
DICOM: they become U+FFFD, as do bytes that are no text in DICOM JSON."""

_ATTRIBUTE_ESCAPES = _ESCAPES | {ord('"'): "&quot;", ord("\t"): "&#9;", ord("\n"): "&#10;"}


def write_xml(attributes: Mapping[str, Attribute]) -> bytes:
    """A DICOM JSON object as one XML document in UTF-8.

    The URLs of bulk data are written as they are. A null among values is an empty ``Value`` (PS3.18 F.3.1). Private
    creators are written as attributes of their own, as well as beside each private attribute: with them a reader finds
    the block in which an attribute was.
    """
    written = [_HEAD]
    _write_data_set(attributes, written)
    written.append(_TAIL)
    return "".join(written).encode()


def is_private(key: str) -> bool:
    """Whether the tag of eight hexadecimal digits has an odd group number."""
    return key[3] in "13579BDF"


def private_creators(attributes: Mapping[str, Attribute]) -> dict[str, str]:
    """The names by which blocks of private attributes are known, by group and block, such as ``001910``.

    A name that reserves several blocks of a group stands for the first: it could not tell the others from it.
    """
    names: dict[tuple[str, str], str] = {}
    for key, attribute in attributes.items():
        if is_private(key) and "0010" <= key[4:] <= "00FF" and attribute.get("Value"):
            name = cast("Sequence[object]", attribute["Value"])[0]
            if isinstance(name, str) and name:
                names.setdefault((key[:4], name), key[:4] + key[6:])
    return {block: name for (_, name), block in names.items()}


def _write_data_set(attributes: Mapping[str, Attribute], written: list[str]) -> None:
    creators = private_creators(attributes)
    for key, attribute in attributes.items():
        creator = creators.get(key[:6]) if key[4:6] != "00" else None
        vr = str(attribute["vr"])
        written.append(_start(key, vr) if creator is None else _private_start(key, vr, creator))
        _write_content(vr, attribute, written)
        written.append("</DicomAttribute>")


@lru_cache(maxsize=8192)
def _start(key: str, vr: str) -> str:
    keyword = keyword_for_tag(int(key, 16))
    return f'<DicomAttribute tag="{key}" vr="{vr}"' + (f' keyword="{keyword}">' if keyword else ">")


def _private_start(key: str, vr: str, creator: str) -> str:
    """Without the block: its number means nothing outside the data set (PS3.19 Table A.1.5-2)."""
    return f'<DicomAttribute tag="{key[:4]}00{key[6:]}" vr="{vr}" privateCreator="{_attribute_text(creator)}">'


def _write_content(vr: str, attribute: Attribute, written: list[str]) -> None:
    if "BulkDataURI" in attribute:
        written.append(f'<BulkData uri="{_attribute_text(str(attribute["BulkDataURI"]))}"/>')
    elif "InlineBinary" in attribute:
        written.append(f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>")
    elif vr == "SQ":
        for number, item in enumerate(cast("Sequence[Mapping[str, Attribute]]", attribute.get("Value", ())), 1):
            written.append(f'<Item number="{number}">')
            _write_data_set(item, written)
            written.append("</Item>")
    elif vr == "PN":
        for number, name in enumerate(cast("Sequence[Mapping[str, str] | None]", attribute.get("Value", ())), 1):
            written.append(f'<PersonName number="{number}">{_person_name(name or {})}</PersonName>')
    else:
        for number, value in enumerate(cast("Sequence[object]", attribute.get("Value", ())), 1):
            written.append(f'<Value number="{number}">{_value(value)}</Value>')


def _value(value: object) -> str:
    if value is None:
        return ""
    return _text(value) if isinstance(value, str) else repr(value)


def _person_name(name: Mapping[str, str]) -> str:
    return "".join(f"<{group}>{_components(name[group])}</{group}>" for group in NAME_GROUPS if group in name)


def _components(group: str) -> str:
    """The components that are not empty, and the last one: by it a reader knows how many there are."""
    components = group.split("^", len(NAME_COMPONENTS) - 1)
    named = list(zip(NAME_COMPONENTS, components, strict=False))
    return "".join(
        f"<{name}>{_text(component)}</{name}>"
        for number, (name, component) in enumerate(named, 1)
        if component or number == len(named)
    )


def _text(text: str) -> str:
    return text.translate(_ESCAPES) if _NOT_PLAIN.search(text) else text


def _attribute_text(text: str) -> str:
    return text.translate(_ATTRIBUTE_ESCAPES) if _NOT_PLAIN.search(text) else text
