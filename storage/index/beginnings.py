"""Where a search begins: the one index that leads to its rows, chosen so that the work does not grow with the archive.

What a search gives is the top of a list in order: studies by date, the newest first, series and instances as stored.
There are two kinds of beginnings.

- In order: the rows of a single value (a PatientID, a modality, the start of a name) lie in its index in the order of
  the results, as do those of a study, and all rows of a table. Rows are taken from the top until the page is full; for
  several values, from the tops of several such lists at once, which the database merges. How many rows there are in all
  does not matter.
- Not in order: the rows of a range (a prefix, a range of dates other than StudyDate), and those that belong to rows of
  another level. All of them are collected and sorted, which is right only if they are few. A name that is similar lies
  in lists of both kinds.

Terms that do not lead the way are checked row by row, so that a list should be taken whose rows pass often, or which is
short. Where there is a choice, every beginning is probed first, up to a fixed number of rows: of one not in order, how
many rows there are; of one in order, the place in the results of its row number FEW. The shortest of those that end
before is taken; else the list in order that is the thinnest, whose row number FEW comes last in the results; else all
rows of the table, in order. A pattern that begins with a wildcard leads nowhere; if it is rare, as the first SAMPLED
rows tell, the index of its column is sifted from end to end, which takes a tenth of the time of going through the rows.
Nothing depends on statistics of the database, which would be those of another day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
    union,
    union_all,
)

from storage.index.checks import checks
from storage.index.leads import Lead, leads, sifted_leads
from storage.index.matching import Condition, between, require_searchable
from storage.index.ranges import Range
from storage.index.scope import PARENT_ROWS, in_scope
from storage.index.tables import STUDY, TABLE_OF
from storage.index.unsought import Checked, Unsought
from storage.query import AnyTerm, Between, MomentTerm, Query, Term
from storage.resource import Level, ResourceKey

FEW = 1_000
"""Rows that are gone through however they lie; also studies and series whose series and instances are."""

MANY = 5_000
"""Rows that are collected and sorted rather than looked for among all of a table: it takes a few milliseconds.

Where there are more among a million studies, a page of a hundred is full after twenty thousand, if they lie evenly.
"""

SAMPLED = 250
"""Rows from the top of the results that tell how rare the matches of a pattern are."""

_STUDY_DATE = "StudyDate"

Statement = Select[Any] | CompoundSelect[Any]

_AnyStatement = TypeVar("_AnyStatement", Select[Any], CompoundSelect[Any], Statement)


@dataclass(frozen=True, slots=True)
class Way:
    """A range of an index, as rows of the level that is searched.

    ``row`` and ``date`` are what results are ordered by, the latter only at study level. ``walked`` has a row for each
    that has to be gone through; where it ``repeats``, some of them are the same.
    """

    row: Column[int]
    date: Column[str] | None
    where: tuple[Condition, ...]
    walked: Select[Any]
    is_in_order: bool = True
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Beginning:
    """Ways that together hold all that is searched, and perhaps more.

    ``answers`` is what holds for every row of them: a term, or the scope. One that is not in order is worth taking if
    at ``most`` so many rows have to be gone through.
    """

    ways: tuple[Way, ...]
    answers: AnyTerm | ResourceKey | None = None
    most: int = 0

    @property
    def is_in_order(self) -> bool:
        """Whether all ways are."""
        return all(way.is_in_order for way in self.ways)


class Beginnings:
    """Those of one query."""

    def __init__(self, connection: Connection, query: Query) -> None:
        """Raises ValueError for a term that cannot be searched (``matching.require_searchable``)."""
        for term in query.terms:
            require_searchable(term)
        self._connection = connection
        self._query = query
        self._level = query.level
        self._table = TABLE_OF[query.level]
        self._row: Column[int] = self._table.c.id
        self._date: Column[str] | None = STUDY.c.study_date if query.level is Level.STUDY else None
        self._dates = [] if self._date is None else [dates for term in query.terms if (dates := _study_dates(term))]
        self._whole = self._of_table()
        """All rows of the table; of studies those in the range of dates."""

    def choose(self) -> Beginning:
        """The one that the search should take."""
        chosen = self._best(self._candidates())
        return self._sifted() or self._whole if chosen is self._whole else chosen

    def _best(self, candidates: Sequence[Beginning]) -> Beginning:
        if not candidates or (len(candidates) == 1 and candidates[0].is_in_order):
            return candidates[0] if candidates else self._whole
        probes = [self._place(each, FEW) if each.is_in_order else _size(each) for each in candidates]
        probed = list(zip(candidates, self._connection.execute(select(*probes)).one(), strict=True))
        return _shortest(probed) or self._thinnest(probed) or self._whole

    def _sifted(self) -> Beginning | None:
        """The rows of a pattern that begins with a wildcard, if a page of them is not to be had among MANY rows.

        None where there are no more than MANY to go through.
        """
        page = self._query.offset + self._query.limit
        for lead in (lead for term in self._query.terms for lead in sifted_leads(term, self._level)):
            matches = or_(*(each.exact for each in lead.ranges))
            walk = self._way(Way(lead.row, lead.date, (), select(lead.row)), ()).add_columns(matches.label("matches"))
            top = self._in_order(walk).limit(SAMPLED).subquery()
            found = self._connection.scalars(select(func.count().filter(top.c.matches))).one()
            if found * MANY < page * SAMPLED and self._is_long():
                return self._beginning(lead)
        return None

    def _is_long(self) -> bool:
        """Whether there are more than MANY rows, of studies in the range of dates."""
        return self._connection.scalars(select(self._place(self._whole, MANY))).one() is not None

    def matches(self, beginning: Beginning) -> Statement:
        """The row numbers (of studies: dates and row numbers) of what matches, in the order of results."""
        answered = [term for term in self._query.terms if self._answers(beginning, term)]
        conditions = checks(self._query, answered)
        if beginning.answers is not self._query.scope:
            conditions += in_scope(self._level, self._query.scope, sought=False)
        if conditions and self._connection.dialect.name != "sqlite":
            conditions = [Checked(and_(*conditions))]
        return self._select(beginning, conditions)

    def _answers(self, beginning: Beginning, term: AnyTerm) -> bool:
        return term is beginning.answers or (self._date is not None and _is_range_of_study_dates(term))

    def _select(self, beginning: Beginning, conditions: Sequence[Condition]) -> Statement:
        parts = [self._way(way, conditions) for way in beginning.ways]
        return self._in_order(parts[0] if len(parts) == 1 else self._merged(parts))

    def _in_order(self, statement: _AnyStatement) -> _AnyStatement:
        columns = [statement.selected_columns[name] for name in ("date", "row") if name in statement.selected_columns]
        return statement.order_by(*(columns if self._date is None else (column.desc() for column in columns)))

    def _merged(self, parts: Sequence[Select[Any]]) -> Statement:
        """The rows of all parts, each once, taken from the tops of the parts that are in order by themselves.

        SQLite does so with a UNION, PostgreSQL where the order of each part is asked for and repetitions may remain
        until the end.
        """
        if self._connection.dialect.name == "sqlite":
            return union(*parts)
        ordered = (select(*self._in_order(part).subquery().c) for part in parts)
        return select(*union_all(*ordered).subquery().c).distinct()

    def _candidates(self) -> list[Beginning]:
        candidates: list[Beginning] = []
        if self._query.scope != ResourceKey():
            below = in_scope(self._level, self._query.scope)
            candidates.append(self._of_table(*below, answers=self._query.scope))
        terms = (term for term in self._query.terms if self._date is None or _study_dates(term) is None)
        candidates += [self._beginning(lead) for term in terms for lead in leads(term, self._level)]
        if self._dates and not any(each.is_in_order for each in candidates):
            candidates.append(self._whole)  # those in order keep to the range of dates as well
        return candidates

    def _of_table(self, *where: Condition, answers: ResourceKey | None = None) -> Beginning:
        return Beginning((Way(self._row, self._date, where, select(self._row)),), answers)

    def _beginning(self, lead: Lead) -> Beginning:
        answered = lead.term if lead.is_exact else None
        if lead.level is self._level:
            ways = [_along(each, lead) for each in lead.ranges]
            return Beginning(tuple(ways), answered, MANY)
        if lead.level in PARENT_ROWS[self._level]:
            ways = [self._down(each, lead) for each in lead.ranges]
            return Beginning(tuple(ways), answered, FEW)
        return Beginning(tuple(self._up(each, lead) for each in lead.ranges), most=MANY)

    def _down(self, found: Range, lead: Lead) -> Way:
        """The way from a range of studies or series to what lies in them."""
        where = PARENT_ROWS[self._level][lead.level] == lead.row, *_where(found)
        return Way(self._row, self._date, where, _walked(found, lead), is_in_order=False, repeats=found.repeats)

    def _up(self, found: Range, lead: Lead) -> Way:
        """The way from a range of series or instances to what they lie in; each of those is taken once."""
        table = TABLE_OF[lead.level].alias()
        parents = select(table.c[PARENT_ROWS[lead.level][self._level].name]).where(
            table.c.id == lead.row, *_where(found)
        )
        return Way(self._row, self._date, (self._row.in_(parents),), _walked(found, lead), is_in_order=False)

    def _way(self, way: Way, conditions: Sequence[Condition]) -> Select[Any]:
        row: ColumnElement[int] = way.row if way.is_in_order else Unsought(way.row)
        columns: list[ColumnElement[Any]] = [row.label("row")]
        where = list(way.where)
        if way.date is not None:
            date = way.date if way.is_in_order else Unsought(way.date)
            columns.insert(0, date.label("date"))
            where += [between(date, low, high) for low, high in self._dates]
        statement: Select[Any] = select(*columns).where(*where, *conditions)
        if way.repeats:
            statement = statement.distinct()
        if conditions and way.row is not self._row:
            return statement.select_from(way.row.table.join(self._table, self._row == way.row))
        return statement

    def _place(self, beginning: Beginning, number: int) -> ScalarSelect[Any]:
        """Where the row of that number in a list in order has its place in the results; no row if there are fewer."""
        place = self._select(beginning, ()).limit(1).offset(number).subquery()
        return select(place.c[0]).scalar_subquery()

    def _thinnest(self, probed: Sequence[tuple[Beginning, Any]]) -> Beginning | None:
        places = [(place, number) for number, (each, place) in enumerate(probed) if each.is_in_order]
        last = max if self._date is None else min
        return probed[last(places)[1]][0] if places else None


def _shortest(probed: Sequence[tuple[Beginning, Any]]) -> Beginning | None:
    """The one with the fewest rows to go through; what is in order and ends before row number FEW has so many."""
    sizes = [
        (FEW if each.is_in_order else found, number)
        for number, (each, found) in enumerate(probed)
        if (found is None if each.is_in_order else found <= each.most)
    ]
    return probed[min(sizes)[1]][0] if sizes else None


def _along(found: Range, lead: Lead) -> Way:
    """The way along rows of the level itself."""
    return Way(lead.row, lead.date, _where(found), _walked(found, lead), found.is_point, found.repeats)


def _walked(found: Range, lead: Lead) -> Select[Any]:
    return select(lead.row).where(found.bounds)


def _size(beginning: Beginning) -> ColumnElement[int]:
    """How many rows have to be collected; any number above ``most`` when there are more."""
    parts = (way.walked.limit(beginning.most + 1).subquery() for way in beginning.ways if not way.is_in_order)
    # Row numbers are counted: for rows alone PostgreSQL would as soon go through an index that lacks the numbers.
    first, *others = (select(func.count(part.c[0])).scalar_subquery() for part in parts)
    return sum(others, start=first)


def _where(found: Range) -> tuple[Condition, ...]:
    return (found.bounds,) if found.exact is found.bounds else (found.bounds, found.exact)


def _is_range_of_study_dates(term: AnyTerm) -> bool:
    return isinstance(term, Term) and term.keyword == _STUDY_DATE and isinstance(term.match, Between)


def _study_dates(term: AnyTerm) -> tuple[str | None, str | None] | None:
    """The ends of the range of dates outside which no study is found, if the term has one."""
    match term:
        case Term(keyword, Between(low, high)) if keyword == _STUDY_DATE:
            return low, high
        case MomentTerm(date_keyword, _, low, high) if date_keyword == _STUDY_DATE:
            return low and low[0], high and high[0]
        case _:
            return None
