"""The attributes of a data set or of a sequence item, read from DICOM JSON (PS3.18 Annex F).

Nothing read here fails: what is absent, empty or not of the kind asked for is None or empty, for a picture is better
than an error about an attribute that hardly matters.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite

import numpy as np
from pydicom.datadict import tag_for_keyword

ResolveBulkData = Callable[[str], bytes]
"""The bytes behind a BulkDataURI, as it stands in the document; numbers are little endian."""


class Attributes:
    """One level of a document. Attributes are named by keyword; those of repeating groups by their eight digits."""

    __slots__ = ("_json", "_resolve")

    def __init__(self, json: Mapping[str, object], resolve: ResolveBulkData) -> None:
        self._json = json
        self._resolve = resolve

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._json

    def values(self, name: str) -> list[object]:
        """The members of ``Value``."""
        return _list(self._attribute(name).get("Value"))

    def text(self, name: str) -> str:
        """The first value as text, of a person name its alphabetic group; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> list[str]:
        """All values as text."""
        return [_text(value) for value in self.values(name)]

    def number(self, name: str) -> float | None:
        """The first value as a finite number."""
        return next(iter(self.numbers(name)), None)

    def numbers(self, name: str) -> list[float]:
        """All values that are finite numbers."""
        return [number for value in self.values(name) if (number := _number(value)) is not None]

    def integer(self, name: str) -> int | None:
        """The first value as a whole number."""
        number = self.number(name)
        return None if number is None else int(number)

    def items(self, name: str) -> "list[Attributes]":
        """The items of a sequence."""
        return [Attributes(item, self._resolve) for item in self.values(name) if isinstance(item, dict)]

    def item(self, name: str) -> "Attributes":
        """The first item of a sequence; an empty one when there is none."""
        return next(iter(self.items(name)), Attributes({}, self._resolve))

    def binary(self, name: str) -> bytes:
        """The bytes of a binary value, in the document or behind its BulkDataURI."""
        attribute = self._attribute(name)
        inline, uri = attribute.get("InlineBinary"), attribute.get("BulkDataURI")
        if isinstance(inline, str):
            try:
                return a2b_base64(inline)
            except Base64Error:
                return b""
        return self._resolve(uri) if isinstance(uri, str) else b""

    def words(self, name: str) -> bytes:
        """The bytes of 16 bit words, also where they are the numbers of a US or SS."""
        if numbers := self.numbers(name):
            return np.array([int(number) & 0xFFFF for number in numbers], "<u2").tobytes()
        return self.binary(name)

    def _attribute(self, name: str) -> Mapping[str, object]:
        attribute = self._json.get(_key(name))
        return attribute if isinstance(attribute, dict) else {}


class FrameAttributes(Attributes):
    """What describes one frame: the attributes of its instance, and its functional groups (PS3.3 C.7.6.16).

    ``frame`` counts from 0.
    """

    __slots__ = ("_groups", "frame")

    def __init__(self, json: Mapping[str, object], resolve: ResolveBulkData, frame: int) -> None:
        super().__init__(json, resolve)
        self.frame = frame
        own = self.values("PerFrameFunctionalGroupsSequence")[frame : frame + 1]
        shared = self.values("SharedFunctionalGroupsSequence")[:1]
        self._groups = [Attributes(group, resolve) for group in own + shared if isinstance(group, dict)]

    def group(self, name: str) -> Attributes:
        """A functional group of the frame, its own or the shared one.

        Without it the instance itself, where objects of one frame have the same attributes.
        """
        items = (item for group in self._groups for item in group.items(name))
        return next(items, self)


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    tag = tag_for_keyword(name)
    return name if tag is None else f"{tag:08X}"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("Alphabetic") or next(iter(value.values()), "")
    return "" if value is None else str(value)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
