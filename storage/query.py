"""A search as the index understands it: small match terms on indexed attributes (PS3.4 C.2.2.2)."""

from collections.abc import Callable
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
class Empty:
    """Empty value matching: the attribute is absent or has no value (PS3.4 C.2.2.2.7)."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of the matches holds."""

    matches: tuple["Match", ...]


@dataclass(frozen=True, slots=True)
class SimilarName:
    """Fuzzy semantic matching of a person name: each of ``words`` begins, or sounds like, a word of the name.

    The words are folded as those of the index are.
    """

    words: tuple[str, ...]


Match = Equals | Wildcard | Between | Empty | AnyOf | SimilarName


@dataclass(frozen=True, slots=True)
class Term:
    """One matching key: the keyword of an indexed attribute, or of a derived one, and what its value must be."""

    keyword: str
    match: Match


@dataclass(frozen=True, slots=True)
class MomentTerm:
    """Range matching of a date and a time taken together, both ends included (PS3.4 C.2.2.2.5.3).

    Each end is a date and a time as ``Between`` has them; the time of ``high`` takes in every time that begins with it.
    """

    date_keyword: str
    time_keyword: str
    low: tuple[str, str] | None
    high: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class DocumentTerm:
    """A matching key of an attribute that has no column: a judgment on the stored DICOM JSON object of ``level``.

    ``tag`` is the outermost attribute looked at, eight hexadecimal digits; where ``absent_matches`` is false, documents
    without it need not be asked.
    """

    level: Level
    tag: str
    matches: Callable[[bytes], bool]
    absent_matches: bool = False


AnyTerm = Term | MomentTerm | DocumentTerm


@dataclass(frozen=True, slots=True)
class Query:
    """A search for studies, series or instances below ``scope``, all of whose terms must hold.

    ``terms`` may be about any level. Those about the levels above must hold for what the match lies in; those about a
    level below for one and the same thing of that level in the match; about both levels below a study, for one instance
    and the series it lies in. ``limit`` bounds the matches returned,
    ``offset`` skips the first ones of the (stable) order. ``whole_metadata`` asks for the stored metadata of instances,
    ``sop_classes`` for the SOP classes of studies, ``patient_counts`` for the counts of studies' patients.
    """

    level: Level
    scope: ResourceKey
    terms: tuple[AnyTerm, ...]
    limit: int
    offset: int = 0
    whole_metadata: bool = False
    sop_classes: bool = False
    patient_counts: bool = False
