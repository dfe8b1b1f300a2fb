"""limit, offset, Link and X-Total-Count lead through a list without gaps or repeats (PS3.18 8.3.4.4, RFC 8288)."""

import re
from collections.abc import Iterator

import httpx
import pytest

from app.settings import LimitsSettings
from tests.api.in_process import InProcessClient
from tests.reference.archive import INSTANCE, LEVELS, SERIES, STUDY
from tests.reference.serving import expected, parameters_of, search, serving_the_hand_made_archive, target, uids_in

MAXIMUM = 4
"""Results that the narrow server gives at once."""

LISTS = [
    (STUDY, ""),
    (SERIES, ""),
    (INSTANCE, ""),
    (STUDY, "PatientID=*1*"),
    (STUDY, "Modality=CT"),
    (SERIES, "PatientName=*a*&includefield=StudyDescription"),
    (INSTANCE, "Modality=PT&includefield=AcquisitionDateTime"),
    (STUDY, "StudyDescription=none"),
]
EXACT = {"Prefer": "count=exact"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """The hand-made archive on a server that gives few results at once."""
    folder = tmp_path_factory.mktemp("narrow") / "data"
    with serving_the_hand_made_archive(folder, LimitsSettings(search_results=MAXIMUM)) as client:
        yield client


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(("level", "query"), LISTS)
def test_pages_by_limit_and_offset_are_the_list(hand_made: InProcessClient, level: str, query: str, size: int) -> None:
    whole = expected(level, parameters_of(query))
    paged: list[str] = []
    for offset in range(0, len(whole) + size, size):
        page = [*parameters_of(query), ("limit", str(size)), ("offset", str(offset))]
        paged += uids_in(search(hand_made, level, page), level)
    assert paged == whole


@pytest.mark.parametrize(("level", "query"), LISTS)
def test_following_the_links_leads_through_the_whole_list(narrow: InProcessClient, level: str, query: str) -> None:
    found = [uid for answer in _walk(narrow, f"{target(level)}?{query}") for uid in uids_in(answer, level)]
    assert found == expected(level, parameters_of(query))


def test_the_links_keep_what_else_was_asked_for(hand_made: InProcessClient) -> None:
    query = "includefield=StudyDescription%2C00102000&PatientName=%2Aa%2A&00081030=*"
    whole = hand_made.get(f"/studies?{query}&offset=1").json()
    pages = list(_walk(hand_made, f"/studies?{query}&limit=3&offset=1"))
    assert len(pages) > 2
    assert [row for page in pages for row in page.json()] == whole
    assert any("00102000" in row for row in whole)


def test_the_links_stay_below_the_study(narrow: InProcessClient) -> None:
    study = "1.2.3.15"
    pages = list(_walk(narrow, f"/studies/{study}/instances"))
    assert [len(page.json()) for page in pages] == [MAXIMUM, 3]
    assert [uid for page in pages for uid in uids_in(page, INSTANCE)] == expected(INSTANCE, [], study)


@pytest.mark.parametrize("query", ["", "limit=0", "limit=2", "limit=2&offset=3", "offset=1000", "limit=1000"])
@pytest.mark.parametrize(("level", "keys"), LISTS)
def test_the_total_is_exact_when_asked_for(hand_made: InProcessClient, level: str, keys: str, query: str) -> None:
    answer = hand_made.request("GET", f"{target(level)}?{keys}&{query}", EXACT)
    assert answer.headers["x-total-count"] == str(len(expected(level, parameters_of(keys))))


@pytest.mark.parametrize("level", LEVELS)
def test_the_total_is_told_unasked_where_the_list_ends(hand_made: InProcessClient, level: str) -> None:
    whole = expected(level, [])
    for query in ("", f"limit=5&offset={len(whole) - 3}"):
        assert hand_made.get(f"{target(level)}?{query}").headers["x-total-count"] == str(len(whole))


@pytest.mark.parametrize("query", ["limit=2", "limit=2&offset=3", "offset=1000", ""])
@pytest.mark.parametrize("level", LEVELS)
def test_a_total_told_unasked_is_exact(hand_made: InProcessClient, level: str, query: str) -> None:
    answer = hand_made.get(f"{target(level)}?{query}")
    assert answer.headers.get("x-total-count") in {None, str(len(expected(level, [])))}


@pytest.mark.parametrize("level", LEVELS)
def test_the_last_page_has_neither_link_nor_warning(hand_made: InProcessClient, level: str) -> None:
    count = len(expected(level, []))
    for query in ("", f"limit={count}", f"limit=3&offset={count - 3}", f"offset={count}"):
        answer = hand_made.get(f"{target(level)}?{query}")
        assert "link" not in answer.headers
        assert "warning" not in answer.headers


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("query", ["", "limit=1000"])
def test_a_list_cut_by_the_server_says_so(narrow: InProcessClient, level: str, query: str) -> None:
    answer = narrow.get(f"{target(level)}?{query}")
    assert len(answer.json()) == MAXIMUM
    assert re.match(r'299 http://testserver/dicom-web: "There are additional results', answer.headers["warning"])
    assert "link" in answer.headers


@pytest.mark.parametrize("level", LEVELS)
def test_the_order_is_the_same_each_time(hand_made: InProcessClient, level: str) -> None:
    first, *others = (uids_in(hand_made.get(target(level)), level) for _ in range(3))
    assert first == expected(level, [])
    assert all(other == first for other in others)


def _walk(client: InProcessClient, url: str) -> Iterator[httpx.Response]:
    """The answers from a URL on, by following rel="next"."""
    for _ in range(100):
        answer = client.get(url)
        yield answer
        if "link" not in answer.headers:
            return
        url = answer.links["next"]["url"]
    raise AssertionError("the links do not end")
