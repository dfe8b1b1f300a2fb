"""Person names (VR PN): their component groups, and the form in which names are compared."""

import re
from collections.abc import Collection
from unicodedata import combining, normalize

from storage.name_words import sound, words

_SPACES = re.compile(r"\s+")
_FIRST_ACCENT = 10
"""Combining class from which marks are accents and vowel points. Those of lower classes make another letter of the one
that they follow, in Japanese and in the scripts of India."""


def groups(text: str) -> tuple[str, str, str]:
    """The alphabetic, ideographic and phonetic group of one person name; empty where absent (PS3.5 6.2.1)."""
    alphabetic, ideographic, phonetic, *_ = (*text.split("="), "", "", "")
    return alphabetic, ideographic, phonetic


def fold(text: str) -> str:
    """One component group as it is compared: without case, accents and padding (PS3.4 C.2.2.2.1, PS3.18 8.3.4.2).

    Stored names and search keys are folded alike. Wildcards and the ``^`` between components are kept.
    """
    if text.isascii():
        folded = text.lower()
    else:
        bare = "".join(char for char in normalize("NFKD", text.casefold()) if combining(char) < _FIRST_ACCENT)
        folded = normalize("NFC", bare).casefold()
    return _SPACES.sub(" ", folded).strip().rstrip("^ ")


def is_similar(wanted: Collection[str], folded: str) -> bool:
    """Whether each of the wanted words begins, or sounds like, a word of a folded name (PS3.4 C.2.2.2.1.1)."""
    found = words(folded)
    return all(any(_is_similar_word(word, other) for other in found) for word in wanted)


def _is_similar_word(wanted: str, found: str) -> bool:
    return found.startswith(wanted) or sound(wanted) == sound(found) != ""
