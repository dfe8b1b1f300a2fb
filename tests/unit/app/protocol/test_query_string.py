from urllib.parse import quote, quote_plus, urlencode

import pytest

from app.protocol.errors import MalformedRequest
from app.protocol.query_string import next_page, parse_query_string

PAIRS = [
    ("PatientName", "*Müller^J?*"),
    ("includefield", "00081030,00100030"),
    ("StudyInstanceUID", "1.2\\3.4"),
    ("StudyDescription", "a b+c&d=e"),
    ("includefield", "all"),
    ("PatientName", "山田^太郎"),
    ("PatientID", ""),
]


@pytest.mark.parametrize("quote_via", [quote, quote_plus])
def test_percent_encoding_and_plus_are_decoded_in_order_with_repeats(quote_via):
    assert parse_query_string(urlencode(PAIRS, quote_via=quote_via).encode("ascii")) == PAIRS


def test_values_typed_plainly_are_taken_as_they_are():
    query = "PatientName=*Müller^J?*&StudyInstanceUID=1.2\\3.4&includefield=a,b&accept=application/dicom+json"
    assert parse_query_string(query.encode("utf-8")) == [
        ("PatientName", "*Müller^J?*"),
        ("StudyInstanceUID", "1.2\\3.4"),
        ("includefield", "a,b"),
        ("accept", "application/dicom json"),
    ]


@pytest.mark.parametrize(
    ("query", "pairs"), [(b"", []), (b"&&a=1&", [("a", "1")]), (b"flag", [("flag", "")]), (b"a=1%zz", [("a", "1%zz")])]
)
def test_odd_queries(query, pairs):
    assert parse_query_string(query) == pairs


@pytest.mark.parametrize("query", [b"PatientName=M%FCller", b"PatientName=M\xfcller", b"PatientID=1%00"])
def test_what_is_not_utf8_or_holds_nul_is_refused(query):
    with pytest.raises(MalformedRequest):
        parse_query_string(query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", "offset=20"),
        (b"limit=10", "limit=10&offset=20"),
        (b"offset=10&limit=10&offset=10", "limit=10&offset=20"),
        (b"%6Fffset=10&limit=10", "limit=10&offset=20"),
        (b"&&limit=10&", "limit=10&offset=20"),
        (b"PatientName=%2AM%C3%BCller%5EJ+x%2A", "PatientName=%2AM%C3%BCller%5EJ+x%2A&offset=20"),
        (b'PatientName=*<a>"^|\\*', "PatientName=*%3Ca%3E%22%5E%7C%5C*&offset=20"),
        ("PatientName=Müller".encode(), "PatientName=M%C3%BCller&offset=20"),
    ],
)
def test_the_next_page_is_the_same_query_from_another_offset_on(query: bytes, expected: str) -> None:
    assert next_page(query, 20) == expected
    asked = [pair for pair in parse_query_string(query) if pair[0] != "offset"]
    assert parse_query_string(expected.encode()) == [*asked, ("offset", "20")]
