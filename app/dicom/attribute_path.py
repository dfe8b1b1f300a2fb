"""Attributes as search parameters name them: by keyword or tag, dotted inside sequences (PS3.18 8.3.4.1)."""

import re
from functools import lru_cache

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from app.dicom.data_dictionary import entry_of

AttributePath = tuple[str, ...]
"""Tags of eight upper-case hexadecimal digits, from the data set inward through the items of sequences."""

MAXIMUM_DEPTH = 64
"""Names in a path at most: as deep as sequences are read at ingest."""

_TAG = re.compile(r"[0-9A-Fa-f]{8}")


def parse_attribute_path(text: str) -> AttributePath:
    """Read keywords or tags joined by dots. Raises ValueError for a keyword that PS3.6 does not have."""
    names = text.split(".")
    if len(names) > MAXIMUM_DEPTH:
        raise ValueError(f"an attribute lies at most {MAXIMUM_DEPTH} sequences deep")
    return tuple(map(_tag, names))


def keywords_of(path: AttributePath) -> str:
    """The keywords of a path, joined by dots; a tag without keyword (private or unknown) leaves its place empty."""
    return ".".join(map(keyword_of, path))


@lru_cache(maxsize=8192)
def keyword_of(tag: str) -> str:
    """The keyword of a tag; empty for one without (private or unknown)."""
    return keyword_for_tag(int(tag, 16))


def vr_of(tag: str) -> str | None:
    """The VR by PS3.6 of an attribute, US rather than SS or OW; None for what PS3.6 does not have."""
    entry = entry_of(tag)
    return max(entry.vrs) if entry is not None else None


def creator_tag(tag: str) -> str | None:
    """The tag of the private creator whose block a private tag lies in; None for all other tags (PS3.5 7.8.1)."""
    return f"{tag[:4]}00{tag[4:6]}" if int(tag[:4], 16) % 2 and tag[4:6] != "00" else None


def is_creator(tag: str) -> bool:
    """Whether the tag is that of a private creator."""
    return int(tag[:4], 16) % 2 == 1 and tag[4:6] == "00" and tag[6:] >= "10"


@lru_cache(maxsize=8192)
def _tag(text: str) -> str:
    if _TAG.fullmatch(text):
        return text.upper()
    # The dictionary also knows elements without a keyword, under the empty one.
    tag = tag_for_keyword(text) if text else None
    if tag is None:
        raise ValueError(f"{text!r} is neither the keyword of an attribute nor a tag of eight hexadecimal digits")
    return f"{tag:08X}"
