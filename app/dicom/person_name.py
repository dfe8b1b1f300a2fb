"""Person names (VR PN): their component groups, and the form in which names are compared."""

import re
from unicodedata import combining, normalize

_SPACES = re.compile(r"\s+")


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
        folded = "".join(char for char in normalize("NFKD", text.casefold()) if not combining(char)).casefold()
    return _SPACES.sub(" ", folded).strip().rstrip("^ ")
