"""What the data dictionary allows an attribute: its VRs and how many values (PS3.6 chapter 6, PS3.5 6.4)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from pydicom.datadict import dictionary_VM, dictionary_VR

_TAG = re.compile(r"[0-9A-F]{8}")
_MULTIPLICITY = re.compile(r"(?P<least>\d+)(-(?P<step>\d*)(?P<open>n)|-(?P<most>\d+))?")


@dataclass(frozen=True, slots=True)
class ValueMultiplicity:
    """How many values an attribute may have: ``least``, or ``step`` more at a time up to ``most`` (None: no bound)."""

    least: int
    most: int | None
    step: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it as PS3.6 writes it, such as 1, 1-2, 1-n or 3-3n. Raises ValueError."""
        match = _MULTIPLICITY.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a value multiplicity")
        least = int(match["least"])
        if match["open"]:
            return cls(least, None, int(match["step"] or 1))
        return cls(least, int(match["most"] or least))

    def allows(self, count: int) -> bool:
        """Whether ``count`` values, at least one, are as many as there may be."""
        return (
            count >= self.least and (self.most is None or count <= self.most) and (count - self.least) % self.step == 0
        )


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """An attribute of PS3.6; ``vrs`` are all VRs it may have, ``vm`` is its VM as PS3.6 writes it."""

    vrs: frozenset[str]
    vm: str
    multiplicity: ValueMultiplicity


@lru_cache(maxsize=8192)
def entry_of(key: str) -> DictionaryEntry | None:
    """The entry of an attribute by its name in DICOM JSON; None for what PS3.6 does not have, so all that is private.

    The dictionary is pydicom's, and with it the edition of the standard.
    """
    if not _TAG.fullmatch(key):
        return None
    tag = int(key, 16)
    # An even group alone is the standard's; the masks of the repeating groups fit odd ones too.
    if tag & 0x10000:
        return None
    try:
        vr, vm = dictionary_VR(tag), dictionary_VM(tag)
    except KeyError:
        return None
    return DictionaryEntry(frozenset(vr.split(" or ")), vm, ValueMultiplicity.parse(vm))
