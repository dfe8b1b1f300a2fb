"""Matching keys judged on DICOM JSON objects, for attributes that the index has no column of (PS3.4 C.2.2.2).

The keys of a data set or item are parts: an attribute with what its value must be, a sequence with the keys that must
hold in one and the same item, or a private block with the keys of its elements. Nothing here raises, whatever the
document holds: what is not as DICOM JSON has it matches nothing, as an absent value does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson

from app.dicom.date_times import parse_utc_offset
from app.dicom.value_conditions import Condition, dates, is_between, times, values_of

Item = Mapping[str, object]
"""A DICOM JSON object: elements by tag."""

_TIMEZONE_OFFSET_FROM_UTC = "00080201"


class Part(Protocol):
    """Something that must hold in a data set or item; ``utc_offset`` is the data set's time zone in minutes."""

    @property
    def tag(self) -> str:
        """The attribute looked at."""

    @property
    def may_hold_without_tag(self) -> bool:
        """Whether it may hold where that attribute is absent."""

    def holds(self, item: Item, utc_offset: int | None) -> bool:
        """Whether it does."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, by its tag, and what must hold for it."""

    tag: str
    condition: Condition

    @property
    def may_hold_without_tag(self) -> bool:
        """Whether an absent value is asked for."""
        return self.condition.holds(None, None)

    def holds(self, item: Item, utc_offset: int | None) -> bool:
        """Whether the condition holds for the element of the tag."""
        return self.condition.holds(item.get(self.tag), utc_offset)


@dataclass(frozen=True, slots=True)
class PrivateBlock:
    """The keys of a private block: its creator, and its elements by their last two digits (PS3.5 7.8.1).

    They must hold in one of the blocks of the group that the creator has reserved, whichever that is in a data set.
    """

    tag: str
    creator: Condition
    elements: tuple[Attribute, ...]

    @property
    def may_hold_without_tag(self) -> bool:
        """Always: the creator may have reserved another block."""
        return True

    def holds(self, item: Item, utc_offset: int | None) -> bool:
        """Whether they do."""
        return any(
            all(element.condition.holds(item.get(block + element.tag), utc_offset) for element in self.elements)
            for block in reserved_blocks(item, self.tag, self.creator)
        )


def reserved_blocks(item: Item, tag: str, creator: Condition) -> Iterator[str]:
    """The first six digits of the tags in the blocks that a creator has reserved in the group of ``tag``."""
    group = tag[:4]
    for other, element in item.items():
        if other.startswith(f"{group}00") and creator.holds(element, None):
            yield group + other[6:]


@dataclass(frozen=True, slots=True)
class CombinedMoment:
    """A date and a time taken together lie in a range, both ends included (PS3.4 C.2.2.2.5).

    A missing time is before all others of its date; a missing date is in no range.
    """

    tag: str
    time_tag: str
    low: tuple[str, str] | None
    high: tuple[str, str] | None

    @property
    def may_hold_without_tag(self) -> bool:
        """Never."""
        return False

    def holds(self, item: Item, utc_offset: int | None) -> bool:
        """Whether they do."""
        days = [day for value in values_of(item.get(self.tag)) for day in dates(value)]
        hours = [time for value in values_of(item.get(self.time_tag)) for time in times(value)]
        return any(self._takes_in(*moment) for moment in zip(days, hours or [""], strict=False))

    def _takes_in(self, day: str, time: str) -> bool:
        is_after = self.low is None or (day, time) >= self.low
        return is_after and (
            self.high is None or day < self.high[0] or (day == self.high[0] and is_between(time, "", self.high[1]))
        )


@dataclass(frozen=True, slots=True)
class AnyItem:
    """Sequence matching: all parts hold in one and the same item (PS3.4 C.2.2.2.6)."""

    parts: tuple[Part, ...]

    def holds(self, element: object, utc_offset: int | None) -> bool:
        """Whether there is such an item."""
        items = (item for item in values_of(element) if isinstance(item, dict))
        return any(all(part.holds(item, utc_offset) for part in self.parts) for item in items)


def judge(part: Part) -> Callable[[bytes], bool]:
    """Whether a part holds in a stored DICOM JSON object."""

    def matches(document: bytes) -> bool:
        try:
            data_set = orjson.loads(document)
        except orjson.JSONDecodeError:
            return False
        return isinstance(data_set, dict) and part.holds(data_set, _utc_offset(data_set))

    return matches


def _utc_offset(data_set: Item) -> int | None:
    """TimezoneOffsetFromUTC in minutes, where it is known."""
    value = next(iter(values_of(data_set.get(_TIMEZONE_OFFSET_FROM_UTC))), None)
    try:
        return parse_utc_offset(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
