"""The terms of a query as conditions on the rows that are searched, whatever levels they are about."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from storage.index.matching import condition, level_of
from storage.index.scope import PARENT_ROWS
from storage.index.tables import TABLE_OF
from storage.index.unsought import for_each_row
from storage.index.wildcards import is_universal
from storage.query import AnyTerm, DocumentTerm, Query, Term
from storage.resource import Level

_BELOW_STUDIES = {Level.SERIES, Level.INSTANCE}


def checks(query: Query, without: Sequence[AnyTerm] = ()) -> list[ColumnElement[bool]]:
    """What must hold for rows of the level that is searched, for all terms but those ``without`` which it may do.

    Terms of a level above must hold for what the row lies in, those of a level below for one and the same thing in it;
    when there are some of both levels below a study, for an instance and the series that it lies in.
    """
    numbered = sorted(enumerate(query.terms), key=lambda each: isinstance(each[1], DocumentTerm))  # the slow ones last
    needed = [(number, term) for number, term in numbered if not (isinstance(term, Term) and is_universal(term.match))]
    in_both_below = {level_of(term) for _, term in needed} >= _BELOW_STUDIES and query.level is Level.STUDY
    of_level: dict[Level, list[ColumnElement[bool]]] = {level: [] for level in Level}
    for number, term in needed:
        level = level_of(term)
        if (in_both_below and level in _BELOW_STUDIES) or not any(term is each for each in without):
            of_level[level].append(condition(term, number))
    if in_both_below:
        of_level[Level.INSTANCE].append(_elsewhere(Level.INSTANCE, Level.SERIES, of_level.pop(Level.SERIES)))
    searched = query.level
    return [*of_level.pop(searched), *(_elsewhere(searched, level, them) for level, them in of_level.items() if them)]


def _elsewhere(searched: Level, level: Level, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """That the conditions hold in another table, for the row above or for one of the rows below."""
    here, there = TABLE_OF[searched], TABLE_OF[level]
    if level in PARENT_ROWS[searched]:
        belongs = there.c.id == PARENT_ROWS[searched][level]
    else:
        belongs = PARENT_ROWS[level][searched] == here.c.id
    return for_each_row(belongs, *conditions).correlate(here)
