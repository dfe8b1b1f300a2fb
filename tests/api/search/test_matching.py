"""Every kind of matching of PS3.4 C.2.2.2, at every level, on the hand-made archive."""

import pytest

from tests.api.in_process import InProcessClient
from tests.api.search.rows import ALSO, BY_HAND, FUZZY_AT_LEAST, SCOPED
from tests.reference.archive import STUDY
from tests.reference.serving import expected, parameters_of, search, shortened, uids_in

ROWS = [(level, query) for level, query, _ in BY_HAND] + ALSO


@pytest.mark.parametrize(("level", "query", "found"), BY_HAND)
def test_the_matcher_finds_what_a_person_wrote_down(level: str, query: str, found: str) -> None:
    assert set(shortened(expected(level, parameters_of(query)))) == set(found.split())


@pytest.mark.parametrize(("level", "query"), ROWS)
def test_the_server_finds_what_the_matcher_finds(hand_made: InProcessClient, level: str, query: str) -> None:
    parameters = parameters_of(query)
    answer = search(hand_made, level, parameters)
    assert shortened(uids_in(answer, level)) == shortened(expected(level, parameters))
    assert "warning" not in answer.headers


@pytest.mark.parametrize(("level", "query", "study", "series"), SCOPED)
def test_a_search_below_a_study_or_series_finds_nothing_else(
    hand_made: InProcessClient, level: str, query: str, study: str, series: str
) -> None:
    parameters = parameters_of(query)
    found = uids_in(search(hand_made, level, parameters, study, series), level)
    assert shortened(found) == shortened(expected(level, parameters, study, series))


@pytest.mark.parametrize(("query", "found"), FUZZY_AT_LEAST)
def test_names_that_sound_alike_are_found_by_fuzzy_matching(hand_made: InProcessClient, query: str, found: str) -> None:
    answer = search(hand_made, STUDY, parameters_of(query))
    assert set(found.split()) <= set(shortened(uids_in(answer, STUDY)))
    assert "warning" not in answer.headers
