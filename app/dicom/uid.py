"""The grammar of UIDs."""

import re

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")

MAX_LENGTH = 64
"""Characters of a UID at most (PS3.5 9.1)."""


def is_valid_uid(text: str) -> bool:
    """Whether the text is made as PS3.5 9.1 asks: 1 to 64 digits and dots, and no empty component.

    Deviation: a component may begin with a zero. Real archives hold such UIDs, and they name a resource as well as
    others.
    """
    return len(text) <= MAX_LENGTH and _UID.fullmatch(text) is not None
