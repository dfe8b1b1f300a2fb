"""The values by which an instance is found, in the form in which they are compared (PS3.4 C.2.2.2)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

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
    for keyword, key, path, kind, vr in _INDEXED:
        attribute = attributes.get(key)
        if attribute is not None:
            values = _values(attribute, path)
            texts = _name(values) if kind is Kind.NAME else _texts(values, vr)
            if texts:
                found[keyword] = texts if kind is not Kind.TEXT else texts[:1]
    return found


def first_text(attributes: Mapping[str, Attribute], key: str) -> str:
    """The first value of an attribute as text, without padding; empty when there is none."""
    values = _values(attributes[key], ()) if key in attributes else []
    return values[0].strip(" \0") if values and isinstance(values[0], str) else ""


def _values(attribute: Attribute, path: Sequence[str]) -> list[object]:
    """All values of an attribute, or of those at a path of names in all its items."""
    if not path:
        values = attribute.get("Value")
        return values if isinstance(values, list) else []
    # Items are JSON text already; the few that are searched are read back.
    key, *rest = path
    items = orjson.loads(orjson.dumps(attribute)).get("Value", ())
    return [value for item in items if key in item for value in _values(item[key], rest)]


def _name(values: Sequence[object]) -> tuple[str, ...]:
    """The folded groups of the first name; empty when all of them are."""
    if not values or not isinstance(values[0], dict):
        return ()
    folded = tuple([_indexable(fold(values[0].get(group, ""))) for group in NAME_GROUPS])
    return folded if any(folded) else ()


def _texts(values: Sequence[object], vr: str) -> tuple[str, ...]:
    texts = [
        _text(value, vr) if isinstance(value, str) else str(value)
        for value in values[:MAX_VALUES]
        if isinstance(value, str | int | float)
    ]
    return tuple([text for text in texts if text])


def _indexable(text: str) -> str:
    """The text without what databases do not take: NUL characters, and great length."""
    return text[:MAX_LENGTH].replace("\0", "")


@lru_cache(maxsize=4096)  # the instances of a series have most of their values in common
def _text(value: str, vr: str) -> str:
    text = value.strip(" \0")
    if vr == "DA":
        text = _OLD_DATE.sub(r"\1\2\3", text)
    elif vr == "TM" and _OLD_TIME.fullmatch(text):
        text = text.replace(":", "")
    return _indexable(text)


def _indexed(keyword: str, kind: Kind) -> tuple[str, str, tuple[str, ...], Kind, str]:
    """The keyword, its name in DICOM JSON, those below it on its way, how it is kept, and its VR."""
    tags = [tag_for_keyword(part) or 0 for part in keyword.split(".")]
    key, *path = [f"{tag:08X}" for tag in tags]
    return keyword, key, tuple(path), kind, str(dictionary_VR(tags[-1]))


_INDEXED = [_indexed(attribute.keyword, attribute.kind) for attribute in INDEXED_ATTRIBUTES.values()]
