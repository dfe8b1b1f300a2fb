"""Search terms as SQL conditions on the rows they are about. Every value is bound, none is spliced into a statement.

They are exact, and compare columns in a way that leads to no index (``unsought``): where a search begins, and by which
index, is decided in ``beginnings``. Text compares by code point: what begins with ``abc`` lies between ``abc`` and
``abc`` + the last character there is. Absent values are the empty text (``tables``), which only ``Empty`` takes in.
"""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    String,
    Table,
    and_,
    cast,
    false,
    func,
    or_,
    select,
    true,
)

from storage.attributes import DERIVED_ATTRIBUTES, INDEXED_ATTRIBUTES, IndexedAttribute, Kind
from storage.index.documents import document_condition
from storage.index.study_values import sounds_of, words_of
from storage.index.tables import INSTANCE_METADATA, SERIES, SERIES_VALUE, STUDY, STUDY_VALUE, TABLE_OF, column_names
from storage.index.unsought import Unsought, for_each_row
from storage.index.wildcards import matches_pattern
from storage.name_words import sound, words
from storage.query import (
    AnyOf,
    AnyTerm,
    Between,
    DocumentTerm,
    Empty,
    Equals,
    Match,
    MomentTerm,
    SimilarName,
    Term,
    Wildcard,
)
from storage.resource import Level

MAX_PATTERNS = 100
"""Wildcard patterns of one term: SQLite takes expressions up to 1000 deep, and a name has three columns."""

LAST_CHARACTER = "\U0010ffff"

Text = ColumnElement[str]
Condition = ColumnElement[bool]


def level_of(term: AnyTerm) -> Level:
    """The level that the term is about."""
    match term:
        case DocumentTerm(level):
            return level
        case MomentTerm(date_keyword):
            return attribute_of(date_keyword).level
        case Term(keyword):
            return DERIVED_ATTRIBUTES.get(keyword) or attribute_of(keyword).level


def require_searchable(term: AnyTerm) -> None:
    """Raises ValueError for a keyword that is not indexed, or not for such a match, and for too many patterns."""
    level_of(term)
    if isinstance(term, Term):
        _require_matchable(term.keyword, term.match)


def _require_matchable(keyword: str, match: Match) -> None:
    match match:
        case AnyOf(matches):
            for each in matches:
                _require_matchable(keyword, each)
        case Wildcard(patterns) if len(patterns) > MAX_PATTERNS:
            raise ValueError(f"{keyword} has more than {MAX_PATTERNS} values with wildcards")
        case Wildcard() | Between() | SimilarName() if keyword in _COUNTS:
            raise ValueError(f"{keyword} is matched by single values only")
        case _:
            return


def attribute_of(keyword: str) -> IndexedAttribute:
    """The indexed attribute; ValueError for a keyword that is none."""
    attribute = INDEXED_ATTRIBUTES.get(keyword)
    if attribute is None:
        raise ValueError(f"{keyword} is not indexed")
    return attribute


def columns_of(keyword: str, table: FromClause | None = None) -> list[Text]:
    """The columns of an attribute in the table of its level, or in an alias of that; none for a list."""
    attribute = attribute_of(keyword)
    columns = (TABLE_OF[attribute.level] if table is None else table).c
    return [columns[name] for name in column_names(attribute)]


def condition(term: AnyTerm, number: int) -> Condition:
    """What must hold for a row of the term's level; ``number`` is the term's in its query."""
    match term:
        case DocumentTerm():
            return _document_condition(term, number)
        case MomentTerm():
            return _moment_condition(term)
        case Term(keyword, match):
            return _value_condition(keyword, match)


def text_condition(text: Text, match: Equals | Between | Wildcard) -> Condition:
    """That the text matches."""
    match match:
        case Equals(values):
            return text.in_([value for value in values if value])
        case Between(low, high):
            return between(text, low, high)
        case Wildcard(patterns):
            return or_(false(), *(and_(text > "", matches_pattern(text, pattern)) for pattern in patterns))


def between(text: Text, low: str | None, high: str | None) -> Condition:
    """That the text lies in a range, to whose end all belong that begin with it; the empty text never does."""
    return and_(text >= low if low else text > "", text <= high + LAST_CHARACTER if high else true())


def _document_condition(term: DocumentTerm, number: int) -> Condition:
    table = TABLE_OF[term.level]
    if term.level is not Level.INSTANCE:
        return document_condition(table.c.attributes, term, number)
    metadata = INSTANCE_METADATA.c
    satisfied = document_condition(metadata.document, term, number)
    return for_each_row(metadata.instance_row == table.c.id, satisfied).correlate(table)


def _moment_condition(term: MomentTerm) -> Condition:
    """A missing time is before all others of its date; a missing date is in no range."""
    [date], [time] = ([Unsought(each) for each in columns_of(k)] for k in (term.date_keyword, term.time_keyword))
    conditions: list[Condition] = [date > ""]
    if term.low is not None:
        low_date, low_time = term.low
        conditions.append(or_(date > low_date, and_(date == low_date, time >= low_time)))
    if term.high is not None:
        high_date, high_time = term.high
        conditions.append(or_(date < high_date, and_(date == high_date, time <= high_time + LAST_CHARACTER)))
    return and_(*conditions)


def _value_condition(keyword: str, match: Match) -> Condition:
    if isinstance(match, AnyOf):
        return or_(false(), *(_value_condition(keyword, each) for each in match.matches))
    if isinstance(match, SimilarName):
        return and_(true(), *(_similar_word(keyword, word) for given in match.words for word in words(given)))
    if keyword in _COUNTS:
        return _count_condition(keyword, match)
    if keyword in DERIVED_ATTRIBUTES:
        return _row_condition(STUDY_VALUE, STUDY_VALUE.c.study_row == STUDY.c.id, keyword, match)
    if attribute_of(keyword).kind is Kind.LIST:
        return _row_condition(SERIES_VALUE, SERIES_VALUE.c.series_row == SERIES.c.id, keyword, match)
    return _column_condition([Unsought(column) for column in columns_of(keyword)], match)


def _column_condition(columns: Sequence[Text], match: Equals | Wildcard | Between | Empty) -> Condition:
    if isinstance(match, Empty):
        return and_(*(column == "" for column in columns))
    return or_(*(text_condition(column, match) for column in columns))


def _row_condition(
    table: Table, belongs: Condition, keyword: str, match: Equals | Wildcard | Between | Empty
) -> Condition:
    """That one of the rows matches that hold the values of an attribute, or that there is none."""
    of_keyword = table.c.keyword == keyword
    if isinstance(match, Empty):
        return ~for_each_row(belongs, of_keyword).correlate(STUDY, SERIES)
    return for_each_row(belongs, of_keyword, text_condition(table.c.value, match)).correlate(STUDY, SERIES)


def _similar_word(keyword: str, word: str) -> Condition:
    begins = _row_condition(STUDY_VALUE, _OF_STUDY, words_of(keyword), Between(word, word))
    code = sound(word)
    if not code:
        return begins
    return or_(begins, _row_condition(STUDY_VALUE, _OF_STUDY, sounds_of(keyword), Equals((code,))))


def _count_condition(keyword: str, match: Match) -> Condition:
    return cast(_COUNTS[keyword], String()).in_(match.values) if isinstance(match, Equals) else false()


def _of_study(count: ColumnElement[int]) -> ScalarSelect[int]:
    return select(count).where(SERIES.c.study_row == STUDY.c.id).correlate(STUDY).scalar_subquery()


_OF_STUDY = STUDY_VALUE.c.study_row == STUDY.c.id
_COUNTS: dict[str, ColumnElement[int]] = {
    "NumberOfStudyRelatedSeries": _of_study(func.count()),
    "NumberOfStudyRelatedInstances": _of_study(func.sum(SERIES.c.number_of_instances)),
    "NumberOfSeriesRelatedInstances": SERIES.c.number_of_instances,
}
