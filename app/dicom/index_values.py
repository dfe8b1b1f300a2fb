"""The values by which an instance is found, in the form in which they are compared (PS3.4 C.2.2.2)."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import orjson
from pydicom.datadict import dictionary_VR, tag_for_keyword

from app.dicom.json_writer import Attribute
from app.dicom.person_name import fold
from app.dicom.values import NAME_GROUPS
from storage.attributes import INDEXED_ATTRIBUTES, Kind

_OLD_DATE = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})")
"""A date of ACR-NEMA 300 (PS3.5 6.2, DA)."""
_OLD_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d*)?)?")
"""A time of ACR-NEMA 300 (PS3.5 6.2, TM)."""


MAX_LENGTH = 256
"""Characters of an indexed value: the VRs that are indexed allow 64, and databases cannot index very long texts."""

MAX_VALUES = 64
"""Values of an attribute that is a list."""


def index_values(attributes: Mapping[str, Attribute]) -> dict[str, tuple[str, ...]]:
    """The values of the indexed attributes by keyword, from the DICOM JSON attributes of an instance.

    A text is stripped of its padding, a name folded in its three groups, a date or time written so that values sort as
    text, an integer in its shortest form. What is absent or empty is absent, what is too long is cut.
    """
    found: dict[str, tuple[str, ...]] = {}
    for keyword, path, kind, vr in _INDEXED:
        if path[0] in attributes:
            values = _name(attributes, path) if kind is Kind.NAME else _texts(attributes, path, vr)
            if values:
                found[keyword] = values if kind is not Kind.TEXT else values[:1]
    return found


def first_text(attributes: Mapping[str, Attribute], key: str) -> str:
    """The first value of an attribute as text, without padding; empty when there is none."""
    value = next(_values(attributes, (key,)), None)
    return value.strip(" \0") if isinstance(value, str) else ""


def _values(attributes: Mapping[str, Attribute], path: tuple[str, ...]) -> Iterator[object]:
    """All values at a path of names, in all items on the way."""
    key, *rest = path
    attribute = attributes.get(key)
    if attribute is None:
        return
    if not rest:
        values = attribute.get("Value")
        yield from values if isinstance(values, list) else ()
        return
    # Items are JSON text already; the few that are searched are read back.
    for item in orjson.loads(orjson.dumps(attribute)).get("Value", ()):
        yield from _values(item, tuple(rest))


def _name(attributes: Mapping[str, Attribute], path: tuple[str, ...]) -> tuple[str, ...]:
    """The folded groups of the first name; empty when all of them are."""
    first = next(_values(attributes, path), None)
    if not isinstance(first, dict):
        return ()
    folded = tuple(_indexable(fold(first.get(group, ""))) for group in NAME_GROUPS)
    return folded if any(folded) else ()


def _texts(attributes: Mapping[str, Attribute], path: tuple[str, ...], vr: str) -> tuple[str, ...]:
    texts = (_indexable(_text(value, vr)) for value in islice(_values(attributes, path), MAX_VALUES))
    return tuple(text for text in texts if text)


def _indexable(text: str) -> str:
    """The text without what databases do not take: NUL characters, and great length."""
    return text[:MAX_LENGTH].replace("\0", "")


def _text(value: object, vr: str) -> str:
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return ""
    text = value.strip(" \0")
    if vr == "DA":
        return _OLD_DATE.sub(r"\1\2\3", text)
    if vr == "TM" and _OLD_TIME.fullmatch(text):
        return text.replace(":", "")
    return text


def _indexed(keyword: str, kind: Kind) -> tuple[str, tuple[str, ...], Kind, str]:
    """The keyword, the names in DICOM JSON on its way, how it is kept, and its VR."""
    tags = [tag_for_keyword(part) or 0 for part in keyword.split(".")]
    return keyword, tuple(f"{tag:08X}" for tag in tags), kind, str(dictionary_VR(tags[-1]))


_INDEXED = [_indexed(attribute.keyword, attribute.kind) for attribute in INDEXED_ATTRIBUTES.values()]
