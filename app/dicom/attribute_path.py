"""Attributes as search parameters name them: by keyword or tag, dotted inside sequences (PS3.18 8.3.4.1)."""

import re

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

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
    return ".".join(keyword_for_tag(int(tag, 16)) for tag in path)


def vr_of(path: AttributePath) -> str:
    """The VR by PS3.6 of a standard attribute."""
    return dictionary_VR(int(path[-1], 16))


def _tag(text: str) -> str:
    if _TAG.fullmatch(text):
        return text.upper()
    # The dictionary also knows elements without a keyword, under the empty one.
    tag = tag_for_keyword(text) if text else None
    if tag is None:
        raise ValueError(f"{text!r} is neither the keyword of an attribute nor a tag of eight hexadecimal digits")
    return f"{tag:08X}"
