"""What of a person name is kept beside the name itself, so that it is found by its beginning and by its words.

Words are compared by Soundex, since names reach an archive as they were heard, and since it gives the same code to
spellings that differ in one letter (Smith, Smyth), also of names that are not English. Its codes are as coarse as a
list that somebody picks from wants them. It knows Latin letters only: words of others are found by how they begin.
"""

import re

import jellyfish

MAX_PREFIX = 6
"""Letters of the longest beginning of a name that is kept; a longer one is sought among the names that have these."""

_WORD = re.compile(r"[^\W_]+")


def words(name: str) -> list[str]:
    """The words of a folded name, runs of letters and digits, each once."""
    return list(dict.fromkeys(_WORD.findall(name)))


def sound(word: str) -> str:
    """The code that is the same for words that sound alike; empty for a word of other letters than Latin ones."""
    return jellyfish.soundex(word) if word.isascii() and word.isalpha() else ""


def prefixes(name: str) -> list[str]:
    """The beginnings of a name, of one letter to MAX_PREFIX."""
    return [name[:length] for length in range(1, min(len(name), MAX_PREFIX) + 1)]
