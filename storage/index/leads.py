"""What leads to the rows of a term: the ranges of an index in which they lie, where there is such an index."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column

from storage.attributes import DERIVED_ATTRIBUTES, Kind
from storage.index.matching import attribute_of, columns_of, text_condition
from storage.index.ranges import Range, are_prefixes, prefix_ranges, ranges, value_ranges
from storage.index.study_values import (
    MODALITIES_IN_STUDY,
    PATIENT_NAME,
    SOP_CLASSES_IN_STUDY,
    prefixes_of,
    sounds_of,
    words_of,
)
from storage.index.tables import SERIES_VALUE, STUDY_VALUE, TABLE_OF
from storage.index.wildcards import is_universal
from storage.name_words import sound, words
from storage.query import AnyTerm, Between, Equals, Match, MomentTerm, SimilarName, Term, Wildcard
from storage.resource import Level

_IN_STUDY = {"Modality": MODALITIES_IN_STUDY, "SOPClassUID": SOP_CLASSES_IN_STUDY}
"""For attributes below studies, under which keyword studies are found that have a value of them."""

_NOT_INDEXED = frozenset({"InstanceNumber", "ContentTime"})
"""Attributes whose columns have no index (``tables``)."""

_LEADING = {table: table.alias() for table in (*TABLE_OF.values(), SERIES_VALUE, STUDY_VALUE)}
"""The tables as leads name them: apart from the rows that are searched, which may be of the same table."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Ranges that together hold the rows of a level for which a term holds, and only those if ``is_exact``.

    ``row`` is the column of their row numbers, and ``date`` that of their study dates if they are studies.
    """

    term: AnyTerm
    level: Level
    row: Column[int]
    date: Column[str] | None
    ranges: list[Range]
    is_exact: bool = True


def leads(term: AnyTerm, searched: Level) -> Iterator[Lead]:
    """The leads of a term in a search of this level, to choose from; there may be none."""
    match term:
        case MomentTerm(date_keyword, _, low, high):
            dates = Between(low and low[0], high and high[0])
            yield from _column_leads(term, date_keyword, dates, is_exact=False)
        case Term(_, match) if not is_universal(match):
            yield from _term_leads(term, match, searched)
        case _:
            return


def sifted_leads(term: AnyTerm, searched: Level) -> Iterator[Lead]:
    """The leads of patterns that begin with a wildcard: all values of a column of the level, of which some match."""
    if not (isinstance(term, Term) and isinstance(term.match, Wildcard)) or term.keyword in DERIVED_ATTRIBUTES:
        return
    attribute, table = attribute_of(term.keyword), _LEADING[TABLE_OF[searched]]
    if attribute.level is searched and attribute.kind is not Kind.LIST and term.keyword not in _NOT_INDEXED:
        columns = columns_of(term.keyword, table)
        if not is_universal(term.match) and ranges(columns, term.match) is None:
            date = table.c.study_date if searched is Level.STUDY else None
            sifted = [Range(column > "", text_condition(column, term.match)) for column in columns]
            yield Lead(term, searched, table.c.id, date, sifted)


def _term_leads(term: Term, match: Match, searched: Level) -> Iterator[Lead]:
    keyword = term.keyword
    if isinstance(match, SimilarName):
        yield from _similar_name_leads(term, match)
    elif keyword in {MODALITIES_IN_STUDY, SOP_CLASSES_IN_STUDY}:
        yield from _study_value_leads(term, keyword, match)
    elif keyword in _IN_STUDY and searched is Level.STUDY and isinstance(match, Equals):
        yield from _study_value_leads(term, _IN_STUDY[keyword], match, is_exact=False)
    elif keyword == PATIENT_NAME and isinstance(match, Wildcard):
        yield from _prefix_leads(term, match)
    elif keyword not in DERIVED_ATTRIBUTES:
        yield from _column_leads(term, keyword, match)


def _column_leads(term: AnyTerm, keyword: str, match: Match, *, is_exact: bool = True) -> Iterator[Lead]:
    attribute = attribute_of(keyword)
    if keyword in _NOT_INDEXED:
        return
    if attribute.kind is Kind.LIST:
        values = _LEADING[SERIES_VALUE]
        found = value_ranges(values, keyword, match)
        row, date = values.c.series_row, None
    else:
        table = _LEADING[TABLE_OF[attribute.level]]
        found = ranges(columns_of(keyword, table), match)
        row, date = table.c.id, table.c.study_date if attribute.level is Level.STUDY else None
    if found is not None:
        yield Lead(term, attribute.level, row, date, found, is_exact)


def _study_value_leads(term: Term, keyword: str, match: Match, *, is_exact: bool = True) -> Iterator[Lead]:
    values = _LEADING[STUDY_VALUE]
    found = value_ranges(values, keyword, match)
    if found is not None:
        yield Lead(term, Level.STUDY, values.c.study_row, values.c.study_date, found, is_exact)


def _prefix_leads(term: Term, match: Wildcard) -> Iterator[Lead]:
    """Where the beginnings that are kept do not say all, the names themselves may lead to fewer rows."""
    values = _LEADING[STUDY_VALUE]
    prefixes = prefix_ranges(values, prefixes_of(term.keyword), match)
    is_exact = are_prefixes(match)
    if prefixes is not None:
        yield Lead(term, Level.STUDY, values.c.study_row, values.c.study_date, prefixes, is_exact)
    if prefixes is None or not is_exact:
        yield from _column_leads(term, term.keyword, match)


def _similar_name_leads(term: Term, match: SimilarName) -> Iterator[Lead]:
    """One for each word; the others are checked."""
    wanted = [word for given in match.words for word in words(given)]
    for word in wanted:
        values = _LEADING[STUDY_VALUE]
        found = value_ranges(values, words_of(term.keyword), Between(word, word)) or []
        if code := sound(word):
            found += value_ranges(values, sounds_of(term.keyword), Equals((code,))) or []
        yield Lead(term, Level.STUDY, values.c.study_row, values.c.study_date, found, is_exact=len(wanted) == 1)
