"""Validators: what tells one representation from another, and what a client holds already (RFC 9110 8.8.3, 13.1)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_TAG = re.compile(r'(W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class EntityTag:
    """The name of a representation. Ours are strong: the same name, the same bytes."""

    name: str

    @classmethod
    def of(cls, content: Iterable[bytes], representation: str) -> "EntityTag":
        """The tag for a representation of what the digests ``content`` identify; equal arguments, equal tags."""
        digest = hashlib.blake2b(representation.encode(), digest_size=16)
        for each in content:
            digest.update(each)
        return cls(digest.hexdigest())

    def coded(self, coding: str) -> "EntityTag":
        """The tag of the same representation in a content coding (RFC 9110 8.8.3.3)."""
        return EntityTag(f"{self.name}-{coding}")

    def __str__(self) -> str:
        return f'"{self.name}"'


def find_match(if_none_match: str | None, tags: Iterable[EntityTag]) -> EntityTag | None:
    """The first of the tags that the header If-None-Match names, by weak comparison (RFC 9110 13.1.2)."""
    if if_none_match is None:
        return None
    if if_none_match.strip() == "*":
        return next(iter(tags), None)
    held = {name for _, name in _TAG.findall(if_none_match)}
    return next((tag for tag in tags if tag.name in held), None)


def fails_if_match(if_match: str | None, tags: Iterable[EntityTag]) -> bool:
    """Whether the header If-Match names none of the tags, by strong comparison (RFC 9110 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return False
    held = {name for weak, name in _TAG.findall(if_match) if not weak}
    return not any(tag.name in held for tag in tags)


def allows_range(if_range: str | None, tag: EntityTag) -> bool:
    """Whether the header If-Range, if any, lets a range be given: by strong comparison, and no date holds.

    RFC 9110 13.1.5.
    """
    return if_range is None or if_range.strip() == str(tag)
