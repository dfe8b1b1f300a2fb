"""Entity tags and what clients say of those they hold (RFC 9110 8.8.3, 13.1)."""

import pytest

from app.protocol.entity_tags import EntityTag, allows_range, fails_if_match, find_match

TAG = EntityTag("abc")


def test_a_tag_tells_contents_and_representations_apart() -> None:
    tags = [
        EntityTag.of([b"one"], "application/dicom"),
        EntityTag.of([b"two"], "application/dicom"),
        EntityTag.of([b"one"], "application/zip"),
        EntityTag.of([b"one", b"two"], "application/dicom"),
        EntityTag.of([b"two", b"one"], "application/dicom"),
        EntityTag.of([], "application/dicom"),
    ]
    assert len({tag.name for tag in tags}) == len(tags)
    assert EntityTag.of([b"one"], "application/dicom") == tags[0]


def test_a_tag_is_written_as_the_header_has_it() -> None:
    assert str(TAG) == '"abc"'
    assert str(TAG.coded("gzip")) == '"abc-gzip"'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc", "y"', True),
        ('"x","abc"', True),
        ("*", True),
        (" * ", True),
        ('"ABC"', False),
        ('"ab"', False),
        ("abc", False),
        ('"a,b", "c"', False),
        ("", False),
        ('"', False),
    ],
)
def test_if_none_match_is_compared_weakly(header: str | None, found: bool) -> None:
    assert (find_match(header, [TAG]) == TAG) is found


def test_any_of_several_tags_may_be_held() -> None:
    tags = [TAG, TAG.coded("gzip"), TAG.coded("zstd")]
    assert find_match('"abc-zstd"', tags) == tags[2]
    assert find_match('"abc-br"', tags) is None
    assert find_match("*", tags) == TAG


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (None, True),
        ('"abc"', True),
        (' "abc" ', True),
        ('W/"abc"', False),
        ('"abd"', False),
        ('"abc", "abd"', False),
        ("Sat, 29 Oct 1994 19:43:31 GMT", False),
    ],
)
def test_if_range_is_compared_strongly(header: str | None, allowed: bool) -> None:
    assert allows_range(header, TAG) is allowed


@pytest.mark.parametrize(
    ("header", "fails"),
    [
        (None, False),
        ("*", False),
        (' "abc" ', False),
        ('"other", "abc"', False),
        ('"abc-gzip"', False),
        ('W/"abc"', True),
        ('W/"abc", "other"', True),
        ('"other"', True),
        ("abc", True),
        ("", True),
    ],
)
def test_if_match_is_strong(header: str | None, fails: bool) -> None:
    """RFC 9110 13.1.1, 8.8.3.2."""
    assert fails_if_match(header, [TAG, TAG.coded("gzip")]) is fails
