"""Does one value of an attribute match one value of a key? (PS3.4 C.2.2.2)"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from tests.reference.moments import Span, date_span, date_time_span, offset_of, range_ends, time_span, without_offset

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""PS3.4 C.2.2.2.4: only there "*" and "?" are more than characters."""
NUMBER_VRS = frozenset({"DS", "IS", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"})
MOMENT_VRS = frozenset({"DA", "TM", "DT"})
_LEADING_SPACES_COUNT = frozenset({"LT", "ST", "UC", "UR", "UT"})
"""PS3.5 6.2: elsewhere spaces before and after a value mean nothing; here only those after it."""


UTC = "+0000"


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of PS3.18 8.3.4 that change what matches, and the time zone of the query's keys."""

    fuzzy_matching: bool = False
    empty_value_matching: bool = False
    multiple_value_matching: bool = False
    offset: str | None = None


def is_universal(vr: str, key: str) -> bool:
    """PS3.4 C.2.2.2.3, and "*" by C.2.2.2.4, however often."""
    asked = _trimmed(vr, key)
    return asked == "" or (asked.strip("*") == "" and vr in WILDCARD_VRS)


def value_matches(vr: str, value: str, key: str, options: Options, offset: str | None = None) -> bool:
    """Whether a value, not an empty one, matches; ``offset`` is the time zone of its data set, where that tells one."""
    if vr == "PN":
        return _name_matches(value, key) or (options.fuzzy_matching and _name_is_similar(value, key))
    if vr in MOMENT_VRS:
        return _moment_matches(vr, value, key, options, offset)
    if vr in NUMBER_VRS:
        # PS3.4 C.2.2.2.1 asks for the same value; PS3.5 6.2 lets a number be written in several ways.
        return float(value) == float(key)
    if vr == "UI":
        # PS3.4 C.2.2.2.2: a list of UIDs; PS3.18 8.3.4.1 writes it with commas.
        return value.strip("\0 ") in {uid.strip() for uid in re.split(r"[,\\]", key)}
    return _text_matches(vr, _trimmed(vr, value), _trimmed(vr, key))


def _trimmed(vr: str, text: str) -> str:
    return text.rstrip(" ") if vr in _LEADING_SPACES_COUNT else text.strip(" ")


def _text_matches(vr: str, value: str, key: str) -> bool:
    """PS3.4 C.2.2.2.1 (every character counts, also its case) and C.2.2.2.4."""
    if vr not in WILDCARD_VRS:
        return value == key
    pattern = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in key)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def _moment_matches(vr: str, value: str, key: str, options: Options, offset: str | None) -> bool:
    """PS3.4 C.2.2.2.1 and C.2.2.2.5: a single value is the range from itself to itself."""
    low, high = range_ends(vr, key) or (key, key)
    if vr == "DT":
        return (not low or _first(value, low, options, offset) >= _span(low, options).first) and (
            not high or _first(value, high, options, offset) <= _span(high, options).last
        )
    span = date_span if vr == "DA" else time_span
    stored = span(value).first
    return (not low or span(low).first <= stored) and (not high or stored <= span(high).last)


def _span(end: str, options: Options) -> Span:
    return date_time_span(end, options.offset)


def _first(value: str, end: str, options: Options, offset: str | None) -> datetime:
    """When a DT begins, as seen from the end of a range: by the clock of its place where the end tells no time zone.

    PS3.4 C.2.2.2.5: offsets are taken into account. ``offset`` is that of the value's data set; without any it is UTC.
    """
    if (offset_of(end) or options.offset) is None:
        return date_time_span(without_offset(value), None).first
    return date_time_span(value, offset or UTC).first


def _name_matches(value: str, key: str) -> bool:
    """PS3.4 C.2.2.2.1, C.2.2.2.4 for PN: case and accents do not count, and each component group is for itself.

    A key of one group may be found in any group; one of several asks each group for what it gives (PS3.5 6.2.1.1).
    """
    groups = [*value.split("="), "", ""][:3]
    wanted = key.split("=")
    if len(wanted) == 1:
        return any(_group_matches(group, key) for group in groups)
    return all(not part or _group_matches(group, part) for group, part in zip(groups, wanted, strict=False))


def _group_matches(group: str, key: str) -> bool:
    # PS3.5 6.2.1.1: delimiters after the last component that has a value may be left out.
    return group != "" and _text_matches("PN", folded(group).strip().rstrip("^ "), folded(key).strip().rstrip("^ "))


def _name_is_similar(value: str, key: str) -> bool:
    """PS3.4 C.2.2.2.1 for fuzzy semantic matching: each word asked for begins a word of the name, in any order."""
    words = words_of(value)
    return all(any(word.startswith(part) for word in words) for part in words_of(key))


def words_of(name: str) -> list[str]:
    """The words of a name, folded."""
    return [word for word in re.split(r"[\^= ,.-]+", folded(name)) if word]


def folded(text: str) -> str:
    """Without case and accents."""
    # Marks of a class below 10 (voicing in Japanese, nukta and virama) make another letter; the others are accents.
    letters = (c for c in unicodedata.normalize("NFKD", text.casefold()) if unicodedata.combining(c) < 10)
    # Composed again, so that "?" stands for one syllable of Korean.
    return unicodedata.normalize("NFC", "".join(letters).casefold())
