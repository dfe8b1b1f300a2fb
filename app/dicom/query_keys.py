"""Matching keys as clients give them, and what they ask of DICOM JSON objects (PS3.18 8.3.4.1, PS3.4 C.2.2.2)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword

from app.dicom.attribute_path import AttributePath, creator_tag, is_creator, keyword_of, vr_of
from app.dicom.data_dictionary import entry_of
from app.dicom.document_matching import AnyItem, Attribute, CombinedMoment, Part, PrivateBlock
from app.dicom.matching import MatchingRules, is_empty_value, parse_match, parse_range, split_values
from app.dicom.value_conditions import AsStored, Condition, value_condition
from storage.query import Match

_MULTIPLE_VALUES = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
"""The VRs of multiple value matching (PS3.4 C.2.2.2.8)."""

Moment = tuple[str, str]
"""A date and a time, as ``storage.query.MomentTerm`` has them."""


@dataclass(frozen=True, slots=True)
class Key:
    """A matching key: its name as the client first wrote it, and all its values."""

    name: str
    values: list[str]

    def asks_for_empty(self, rules: MatchingRules) -> bool:
        """Whether attributes without a value are among what it asks for."""
        return any(is_empty_value(value.strip(), rules) for value in self.values)


Keys = Mapping[AttributePath, Key]
"""Keys by the attribute they are about; none of them is universal."""


@contextmanager
def naming(key: Key) -> Iterator[None]:
    """Let a ValueError tell which key it is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{key.name}={','.join(key.values)}: {error}") from error


def matches_of(tag: str, key: Key, rules: MatchingRules) -> list[Match]:
    """What the values of an attribute of PS3.6 must match: all of these. Raises ValueError that names the key."""
    vr = vr_of(tag) or ""
    with naming(key):
        return [match for values in _demands(tag, vr, key, rules) for match in parse_match(vr, values, rules)]


def moment_pairs(keys: Keys) -> list[tuple[AttributePath, AttributePath]]:
    """The keys of a date and of its time whose ranges are matched together (PS3.4 C.2.2.2.5).

    That is so for a date and the time of the same name (StudyDate, StudyTime) that are asked for by one range each, of
    the same form. A search has no way to negotiate it, and such keys mean nothing sensible otherwise.
    """
    pairs = [(date, time) for date in keys for time in [_time_of(date)] if time is not None and time in keys]
    return [(date, time) for date, time in pairs if _is_one_range(keys[date], keys[time])]


def moment_ends(date: Key, time: Key) -> tuple[Moment | None, Moment | None]:
    """Both ends of the ranges of a pair, None where they are open. Raises ValueError that names a key."""
    with naming(date):
        days = parse_range("DA", date.values[0])
    with naming(time):
        times = parse_range("TM", time.values[0])
    low = (days.low, times.low) if days.low is not None and times.low is not None else None
    high = (days.high, times.high) if days.high is not None and times.high is not None else None
    return low, high


def parts_of(keys: Keys, rules: MatchingRules) -> list[Part]:
    """What the keys ask of a data set or item, all in all. Raises ValueError that names a key."""
    by_tag: dict[str, dict[AttributePath, Key]] = {}
    for (tag, *inner), key in keys.items():
        by_tag.setdefault(tag, {})[tuple(inner)] = key
    parts: list[Part] = []
    for date, time in moment_pairs({path: key for path, key in keys.items() if len(path) == 1}):
        parts.append(CombinedMoment(date[0], time[0], *moment_ends(keys[date], keys[time])))
        del by_tag[date[0]], by_tag[time[0]]
    for tag, inside in by_tag.items():
        if is_creator(tag):
            block = {other: keys for other, keys in by_tag.items() if creator_tag(other) == tag}
            elements = [Attribute(each[6:], holds) for each in block for holds in _conditions(each, block[each], rules)]
            parts += [PrivateBlock(tag, creator, tuple(elements)) for creator in _conditions(tag, inside, rules)]
        elif creator_tag(tag) not in by_tag:
            parts += [Attribute(tag, condition) for condition in _conditions(tag, inside, rules)]
    return parts


def _conditions(tag: str, keys: Keys, rules: MatchingRules) -> list[Condition]:
    """What must hold for the element of a tag, by the keys of it (the empty path) and of what lies in its items."""
    inner = {path: key for path, key in keys.items() if path}
    conditions: list[Condition] = [AnyItem(tuple(parts_of(inner, rules)))] if inner else []
    if () in keys:
        key, vr = keys[()], "LO" if is_creator(tag) else vr_of(tag)
        with naming(key):
            conditions += [
                value_condition(vr, values, rules) if vr else AsStored(values, rules)
                for values in _demands(tag, vr, key, rules)
            ]
    return conditions


def _demands(tag: str, vr: str | None, key: Key, rules: MatchingRules) -> list[list[str]]:
    """The values of which one must match; one by one where all must, by multiple value matching (PS3.4 C.2.2.2.8)."""
    entry = entry_of(tag)
    may_be_several = vr in _MULTIPLE_VALUES and entry is not None and entry.multiplicity.most != 1
    if rules.multiple_values and vr is not None and may_be_several:
        return [[value] for value in split_values(vr, key.values)]
    return [key.values]


def _time_of(date: AttributePath) -> AttributePath | None:
    """The attribute beside a date that by its name is the time of it."""
    if vr_of(date[-1]) != "DA":
        return None
    time = tag_for_keyword(keyword_of(date[-1]).removesuffix("Date") + "Time")
    return (*date[:-1], f"{time:08X}") if time is not None else None


def _is_one_range(date: Key, time: Key) -> bool:
    forms = {_form(date), _form(time)}
    return len(forms) == 1 and None not in forms


def _form(key: Key) -> tuple[bool, bool] | None:
    """Which ends a range has; None for what is no single range."""
    low, hyphen, high = key.values[0].partition("-")
    is_single = len(key.values) == 1 and "\\" not in key.values[0]
    return (bool(low.strip()), bool(high.strip())) if hyphen and is_single else None
