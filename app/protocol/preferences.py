"""What a client would rather have: the header Prefer (RFC 7240)."""

from collections.abc import Iterable


def parse_preferences(headers: Iterable[str]) -> dict[str, str]:
    """The preferences by name in lower case, the first of a name counting; their parameters are left out."""
    preferences: dict[str, str] = {}
    for header in headers:
        for preference in header.split(","):
            name, _, value = preference.partition(";")[0].partition("=")
            preferences.setdefault(name.strip().lower(), value.strip().strip('"'))
    return preferences
