"""A search as the index understands it: small match terms on indexed attributes (PS3.4 C.2.2.2)."""

from dataclasses import dataclass

from storage.resource import Level, ResourceKey


@dataclass(frozen=True, slots=True)
class Equals:
    """Single value matching, and list of UID matching: any of the values (PS3.4 C.2.2.2.1, C.2.2.2.2)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Wildcard matching: any of the patterns; ``*`` is any run of characters, ``?`` any one (PS3.4 C.2.2.2.4)."""

    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Range matching on text that sorts as the values do; both ends included, ``None`` is open (PS3.4 C.2.2.2.5).

    ``high`` also takes in every value that begins with it, so that the time 1030 ends at 10:30:59.999999.
    """

    low: str | None
    high: str | None


@dataclass(frozen=True, slots=True)
class Term:
    """One matching key: the keyword of an indexed attribute, or ModalitiesInStudy, and what its value must be."""

    keyword: str
    match: Equals | Wildcard | Between


@dataclass(frozen=True, slots=True)
class Query:
    """A search for studies, series or instances below ``scope``, all of whose terms must hold.

    ``terms`` may name attributes of the level searched and of the levels above it. ``limit`` bounds the matches
    returned, ``offset`` skips the first ones of the (stable) order. ``whole_metadata`` asks for the stored metadata of
    instances.
    """

    level: Level
    scope: ResourceKey
    terms: tuple[Term, ...]
    limit: int
    offset: int = 0
    whole_metadata: bool = False
