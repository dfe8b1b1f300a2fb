"""The header Prefer (RFC 7240)."""

import pytest

from app.protocol.preferences import parse_preferences


@pytest.mark.parametrize(
    ("headers", "preferences"),
    [
        ([], {}),
        (["count=exact"], {"count": "exact"}),
        (['Count = "exact"'], {"count": "exact"}),
        (["respond-async, count=exact; foo=bar"], {"respond-async": "", "count": "exact"}),
        (["count=exact", "count=none, wait=10"], {"count": "exact", "wait": "10"}),
    ],
)
def test_preferences_are_read_by_name_the_first_of_each(headers: list[str], preferences: dict[str, str]) -> None:
    assert parse_preferences(headers) == preferences
