from urllib.parse import quote, quote_plus, urlencode

import pytest

from app.protocol.errors import MalformedRequest
from app.protocol.query_string import parse_query_string

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
