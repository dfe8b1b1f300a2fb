"""Does a data set, or an item of a sequence, match a set of keys?"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from pydicom.datadict import dictionary_keyword, dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from tests.reference.moments import date_span, range_ends, time_span
from tests.reference.values import Options, is_universal, value_matches

Path = tuple[BaseTag, ...]
"""An attribute: its tag, and before it those of the sequences it is in."""
Keys = dict[Path, list[str]]
"""The values that are asked for; where an attribute is named several times, any of them will do."""

_MULTIPLE_VALUE_VRS = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
"""PS3.4 C.2.2.2.8."""
EMPTY = '""'
"""PS3.4 C.2.2.2.7: what asks for an attribute without a value."""

TIMEZONE = Tag("TimezoneOffsetFromUTC")


def matches(data_set: Dataset, keys: Keys, options: Options, offset: str | None = None) -> bool:
    """Whether a data set matches all keys; those of one sequence must hold for one and the same item (C.2.2.2.6)."""
    offset = str(data_set[TIMEZONE].value) if data_set.get(TIMEZONE) else offset
    keys = _with_blocks_found(data_set, keys)
    combined = _combined_ranges(keys)
    taken = {*combined, *combined.values()}
    own = {path[0]: values for path, values in keys.items() if len(path) == 1 and path[0] not in taken}
    sequences = {path[0] for path in keys if len(path) > 1}
    return (
        all(_attribute_matches(data_set, tag, values, options, offset) for tag, values in own.items())
        and all(_combined_matches(data_set, date, time, keys) for date, time in combined.items())
        and all(_sequence_matches(data_set, tag, keys, options, offset) for tag in sequences)
    )


def values_of(data_set: Dataset, tag: BaseTag) -> list[str]:
    """The values of an attribute, without the empty ones."""
    value = data_set[tag].value if tag in data_set else None
    values = list(value) if isinstance(value, (MultiValue, list)) else [value]
    if vr_of(data_set, tag) == "AT":
        return [f"{int(each):08X}" for each in values if each is not None]
    return [str(each) for each in values if each is not None and str(each).strip(" \0") != ""]


def vr_of(data_set: Dataset, tag: BaseTag) -> str:
    """The VR of an attribute: the data set's own, else that of PS3.6."""
    if tag in data_set:
        return data_set[tag].VR
    return "LO" if tag.is_private else dictionary_VR(tag)


def _attribute_matches(
    data_set: Dataset, tag: BaseTag, keys: Sequence[str], options: Options, offset: str | None
) -> bool:
    vr, values = vr_of(data_set, tag), values_of(data_set, tag)
    asked = [part for key in keys for part in _parts(vr, key)]
    if any(is_universal(vr, part) for part in asked):
        return True
    found = (_part_matches(vr, values, part, options, offset) for part in asked)
    # C.2.2.2.8: each value asked for is among those there, in any order; without it any will do, as is documented.
    return all(found) if options.multiple_value_matching and _may_have_several(vr, tag) else any(found)


def _parts(vr: str, key: str) -> list[str]:
    """The values of a key. A comma is no character of a CS (PS3.5 6.2): there it separates values too, for viewers."""
    if vr not in _MULTIPLE_VALUE_VRS:
        return [key]
    return re.split(r"[,\\]" if vr == "CS" else r"\\", key)


def _may_have_several(vr: str, tag: BaseTag) -> bool:
    return vr in _MULTIPLE_VALUE_VRS and not tag.is_private and dictionary_VM(tag) != "1"


def _part_matches(vr: str, values: Sequence[str], part: str, options: Options, offset: str | None) -> bool:
    if options.empty_value_matching and part == EMPTY:
        return not values
    return any(value_matches(vr, value, part, options, offset) for value in values)


def _sequence_matches(data_set: Dataset, tag: BaseTag, keys: Keys, options: Options, offset: str | None) -> bool:
    """PS3.4 C.2.2.2.6: one item in which all keys hold; keys that ask for nothing hold without an item."""
    inner = {path[1:]: values for path, values in keys.items() if path[0] == tag and len(path) > 1}
    items = data_set[tag].value if tag in data_set else []
    return any(matches(item, inner, options, offset) for item in items) or all(
        {"", "*"} & set(values) for values in inner.values()
    )


def _with_blocks_found(data_set: Dataset, keys: Keys) -> Keys:
    """The keys with private tags where this data set has them: its creators may have reserved other blocks.

    A private creator asked for says whose block a private tag means (PS3.5 7.8.1).
    """
    moved: Keys = {}
    for path, values in keys.items():
        tag = path[0]
        if not tag.is_private or tag.element < 0x1000:
            if not (tag.is_private_creator and _is_used(tag, keys)):
                moved[path] = values
            continue
        creator = keys.get((Tag(tag.group, tag.element >> 8),))
        if creator is None:
            moved[path] = values
            continue
        block = next((b for b in range(0x10, 0x100) if values_of(data_set, Tag(tag.group, b)) == creator), None)
        # Where the creator is unknown, so is the attribute: FF is a block nobody has here.
        moved[(Tag(tag.group, (block or 0xFF) << 8 | tag.element & 0xFF), *path[1:])] = values
    return moved


def _is_used(creator: BaseTag, keys: Keys) -> bool:
    return any(
        path[0].group == creator.group and path[0].element >> 8 == creator.element
        for path in keys
        if path[0] != creator
    )


def _combined_ranges(keys: Keys) -> dict[BaseTag, BaseTag]:
    """Dates with their times that are asked for by ranges of the same form: one moment each (PS3.4 C.2.2.2.5)."""
    found = {}
    for path in keys:
        if len(path) == 1 and (time := time_of(path[0])) is not None and (time,) in keys:
            form = _form("DA", keys[path])
            if form is not None and form == _form("TM", keys[(time,)]):
                found[path[0]] = time
    return found


def time_of(date: BaseTag) -> BaseTag | None:
    """The time that belongs to a date, by its name."""
    if date.is_private or dictionary_VR(date) != "DA":
        return None
    keyword = dictionary_keyword(date)
    time = tag_for_keyword(keyword.removesuffix("Date") + "Time") if keyword.endswith("Date") else None
    return Tag(time) if time is not None and dictionary_VR(time) == "TM" else None


def _form(vr: str, keys: Sequence[str]) -> tuple[bool, bool] | None:
    ends = range_ends(vr, keys[0]) if len(keys) == 1 else None
    return None if ends is None else (bool(ends[0]), bool(ends[1]))


def _combined_matches(data_set: Dataset, date: BaseTag, time: BaseTag, keys: Keys) -> bool:
    days, times = values_of(data_set, date), values_of(data_set, time)
    if not days:
        return False
    # A date alone is a date-time without the components that are unknown (PS3.5 6.2, DT).
    day = date_span(days[0]).first
    stored = time_span(times[0], day).first if times else day
    dates, hours = range_ends("DA", keys[(date,)][0]), range_ends("TM", keys[(time,)][0])
    assert dates is not None
    assert hours is not None
    return _from(dates[0], hours[0]) <= stored <= _to(dates[1], hours[1])


def _from(day: str, time: str) -> datetime:
    return time_span(time, date_span(day).first).first if day else datetime.min.replace(tzinfo=UTC)


def _to(day: str, time: str) -> datetime:
    return time_span(time, date_span(day).first).last if day else datetime.max.replace(tzinfo=UTC)
