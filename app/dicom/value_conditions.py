"""What an element of a DICOM JSON object must be to match the values of a key, by VR (PS3.4 C.2.2.2).

Nothing here raises once it is made, whatever the object holds: what is not as DICOM JSON has it matches nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Protocol

from app.dicom.date_times import DateTime, DateTimeRange, compact_date, compact_time
from app.dicom.matching import (
    LEADING_SPACES_COUNT,
    MatchingRules,
    is_empty_value,
    number_text,
    parse_match,
    parse_names,
    split_values,
)
from app.dicom.person_name import fold, groups, is_similar
from app.dicom.values import NAME_GROUPS
from storage.query import AnyOf, Between, Empty, Equals, Match, SimilarName, Wildcard

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")

_ValueTest = Callable[[object, int | None], bool]
"""A test of a value of an element, and of the time zone of the data set in minutes from UTC, where it is known."""


class Condition(Protocol):
    """Something that must hold for an element, which is None where it is absent."""

    def holds(self, element: object, utc_offset: int | None) -> bool:
        """Whether it does; ``utc_offset`` is the data set's time zone in minutes."""


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Some value of an attribute fulfills what is asked; that is asked of the value and the data set's time zone."""

    fulfills: _ValueTest
    accepts_empty: bool

    def holds(self, element: object, utc_offset: int | None) -> bool:
        """Whether there is such a value, or none at all and that is asked for."""
        if _is_empty(element):
            return self.accepts_empty
        return any(self.fulfills(value, utc_offset) for value in values_of(element) if value is not None)


@dataclass(frozen=True, slots=True)
class AsStored:
    """A condition on an attribute that PS3.6 does not have: read by the VR with which it is stored."""

    values: Sequence[str]
    rules: MatchingRules
    _by_vr: dict[str, Condition | None] = field(default_factory=dict)

    def holds(self, element: object, utc_offset: int | None) -> bool:
        """Whether it holds; a value that the VR does not have matches nothing."""
        vr = element.get("vr") if isinstance(element, dict) else None
        condition = self._condition(vr if isinstance(vr, str) else "UN")
        return condition is not None and condition.holds(element, utc_offset)

    def _condition(self, vr: str) -> Condition | None:
        if vr not in self._by_vr:
            try:
                self._by_vr[vr] = value_condition(vr, self.values, self.rules)
            except ValueError:
                self._by_vr[vr] = None
        return self._by_vr[vr]


def value_condition(vr: str, values: Sequence[str], rules: MatchingRules) -> Condition:
    """What must hold for an element of the VR, by the values of a key. Raises ValueError as ``parse_match`` does."""
    singles = split_values(vr, values)
    given = [value for value in singles if not is_empty_value(value, rules)]
    if not given:
        is_universal = not singles
        return AnyValue(lambda value, utc_offset: is_universal, accepts_empty=True)
    if vr == "DT":
        fulfills = _moment_test([DateTimeRange.parse(value, rules.utc_offset) for value in given], rules.utc_offset)
    elif vr == "PN":
        fulfills = _name_test(parse_names(given, fuzzy=rules.fuzzy_names))
    else:
        fulfills = _text_test(parse_match(vr, given), _FORMS.get(vr, _texts))
    return AnyValue(fulfills, accepts_empty=len(given) < len(singles))


def _moment_test(ranges: Sequence[DateTimeRange], query_offset: int | None) -> _ValueTest:
    def is_in_range(value: object, utc_offset: int | None) -> bool:
        try:
            moment = DateTime.parse(value.strip(" \0") if isinstance(value, str) else "")
        except ValueError:
            return False
        moment = moment.or_offset(utc_offset).or_offset(query_offset)
        return any(each.takes_in(moment) for each in ranges)

    return is_in_range


def _name_test(names: Sequence[Sequence[Match | None]]) -> _ValueTest:
    tests = [[_acceptance(group) if group is not None else None for group in name] for name in names]

    def is_named(value: object, utc_offset: int | None) -> bool:
        folded = _name_groups(value)
        return any(_is_name(folded, test) for test in tests)

    return is_named


def _is_name(folded: Sequence[str], tests: Sequence[Callable[[str], bool] | None]) -> bool:
    """Whether a name of three folded groups is as one of ``parse_names`` asks."""
    if len(tests) > 1:
        return all(test is None or test(group) for test, group in zip(tests, folded, strict=True))
    return any(test is not None and test(group) for test in tests for group in folded if group)


def _text_test(matches: Sequence[Match], forms: Callable[[object], Sequence[str]]) -> _ValueTest:
    tests = list(map(_acceptance, matches))
    return lambda value, utc_offset: any(all(test(form) for test in tests) for form in forms(value))


def values_of(element: object) -> Sequence[object]:
    """The values of an element of a DICOM JSON object; None stands for empty ones."""
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else ()


def _is_empty(element: object) -> bool:
    """Whether an attribute is absent or has no value."""
    if not isinstance(element, dict):
        return True
    has_bytes = "InlineBinary" in element or "BulkDataURI" in element
    return not has_bytes and not any(value is not None for value in values_of(element))


def _acceptance(match: Match) -> Callable[[str], bool]:
    """Whether a text matches."""
    match match:
        case Equals(values):
            return frozenset(values).__contains__
        case Wildcard(patterns):
            return _any([re.compile(translate(pattern.replace("[", "[[]"))).match for pattern in patterns])
        case Between(low, high):
            return lambda text: is_between(text, low or "", high)
        case Empty():
            return lambda text: False
        case AnyOf(matches):
            return _any(list(map(_acceptance, matches)))
        case SimilarName(words):
            return lambda text: is_similar(words, text)


def _any(tests: Sequence[Callable[[str], object]]) -> Callable[[str], bool]:
    return lambda text: any(test(text) for test in tests)


def is_between(text: str, low: str, high: str | None) -> bool:
    """Range matching, as ``storage.query.Between`` defines it."""
    return text >= low and (high is None or text <= high or text.startswith(high))


def _texts(value: object) -> tuple[str, ...]:
    return (value.strip(" \0"),) if isinstance(value, str) else ()


def _long_texts(value: object) -> tuple[str, ...]:
    return (value.rstrip(" \0"),) if isinstance(value, str) else ()


def dates(value: object) -> tuple[str, ...]:
    """A DA value as it is compared; nothing for what is none."""
    return tuple(map(compact_date, _texts(value)))


def times(value: object) -> tuple[str, ...]:
    """A TM value as it is compared; nothing for what is none."""
    return tuple(map(compact_time, _texts(value)))


def _numbers(value: object) -> tuple[str, ...]:
    """Numbers; the greatest integers are strings in DICOM JSON (PS3.18 F.2.3)."""
    if isinstance(value, int | float):
        return (number_text(value),)
    return tuple(str(int(text)) for text in _texts(value) if _INTEGER.fullmatch(text))


def _name_groups(value: object) -> list[str]:
    """The folded alphabetic, ideographic and phonetic group of a name."""
    if isinstance(value, dict):
        texts = [value.get(group) for group in NAME_GROUPS]
    else:
        texts = [*groups(value if isinstance(value, str) else "")]
    return [fold(text) if isinstance(text, str) else "" for text in texts]


_FORMS: dict[str, Callable[[object], Sequence[str]]] = {
    **dict.fromkeys(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"), _numbers),
    **dict.fromkeys(LEADING_SPACES_COUNT, _long_texts),
    "DA": dates,
    "TM": times,
}
"""How a value is compared, by VR; as text where absent."""
