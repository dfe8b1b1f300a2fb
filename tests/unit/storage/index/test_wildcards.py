import pytest

from storage.index.wildcards import is_universal, literal_prefix
from storage.query import AnyOf, Empty, Equals, Match, Wildcard


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Wildcard(("*",)), True),
        (Wildcard(("x", "**")), True),
        (Wildcard(("?",)), False),
        (Wildcard(()), False),
        (Equals(("*",)), False),
        (AnyOf((Empty(), Wildcard(("*",)))), True),
        (AnyOf((Empty(), Equals(("x",)))), False),
    ],
)
def test_patterns_of_stars_alone_are_universal(match: Match, *, expected: bool) -> None:
    assert is_universal(match) is expected


@pytest.mark.parametrize(("pattern", "prefix"), [("ab*c", "ab"), ("a?", "a"), ("*", ""), ("", ""), ("[a]", "[a]")])
def test_what_matches_a_pattern_begins_with_its_literal_prefix(pattern: str, prefix: str) -> None:
    assert literal_prefix(pattern) == prefix
