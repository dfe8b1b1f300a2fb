import pytest
from pydicom.datadict import dictionary_VR

from app.dicom.matching import MatchingRules, parse_match
from storage.attributes import INDEXED_ATTRIBUTES
from storage.query import AnyOf, Between, Empty, Equals, SimilarName, Wildcard

FUZZY, WITH_EMPTY = MatchingRules(fuzzy_names=True), MatchingRules(empty_values=True)


def holds(match: Between, value: str) -> bool:
    """Range matching as storage.query.Between defines it."""
    low, high = match.low, match.high
    return (low is None or value >= low) and (high is None or value <= high or value.startswith(high))


@pytest.mark.parametrize("keyword", INDEXED_ATTRIBUTES)
def test_every_indexed_attribute_can_be_a_key(keyword):
    vr = dictionary_VR(keyword.rpartition(".")[2])
    assert parse_match(vr, ["*"]) == ()
    assert parse_match(vr, ["20200101"] if vr != "TM" else ["1200"])


@pytest.mark.parametrize(
    ("vr", "values", "expected"),
    [
        # Single values and wildcards (PS3.4 C.2.2.2.1, C.2.2.2.4)
        ("LO", ["P-1"], Equals(("P-1",))),
        ("LO", [" P-1 "], Equals(("P-1",))),
        ("LO", ["P*"], Wildcard(("P*",))),
        ("SH", ["A?C"], Wildcard(("A?C",))),
        ("LO", ["a,b"], Equals(("a,b",))),
        ("LO", ["a", "b*"], Wildcard(("a", "b*"))),
        # Codes: lists mean any
        ("CS", ["CT"], Equals(("CT",))),
        ("CS", ["CT,MR"], Equals(("CT", "MR"))),
        ("CS", ["CT\\MR", "US"], Equals(("CT", "MR", "US"))),
        ("CS", ["C*,MR"], Wildcard(("C*", "MR"))),
        # A backslash separates values, but where there is only one
        ("LO", ["a\\b", "c"], Equals(("a", "b", "c"))),
        ("UT", ["a\\b"], Equals(("a\\b",))),
        # Wildcards are characters like others where the VR does not know them
        ("AS", ["04?Y"], Equals(("04?Y",))),
        ("UR", ["http://*"], Wildcard(("http://*",))),
        ("AT", ["0010001a"], Equals(("0010001A",))),
        # UIDs (PS3.4 C.2.2.2.2)
        ("UI", ["1.2.3"], Equals(("1.2.3",))),
        ("UI", ["1.2.3,1.2.4"], Equals(("1.2.3", "1.2.4"))),
        ("UI", ["1.2.3\\1.2.4", "1.2.5"], Equals(("1.2.3", "1.2.4", "1.2.5"))),
        # Integer strings
        ("IS", ["05"], Equals(("5",))),
        ("IS", ["+7", "-0"], Equals(("7", "0"))),
        ("UV", ["18446744073709551615"], Equals(("18446744073709551615",))),
        # Decimals: the number counts, not how it is written; FL is the nearest of 32 bits
        ("DS", ["1.50", "5.0", "1e3", "-.5"], Equals(("1.5", "5", "1000", "-0.5"))),
        ("FD", ["0.1"], Equals(("0.1",))),
        ("FL", ["0.1", "0.5"], Equals(("0.10000000149011612", "0.5"))),
        ("FL", ["1e300"], Equals(())),
        # Dates (PS3.4 C.2.2.2.5)
        ("DA", ["20200131"], Equals(("20200131",))),
        ("DA", ["20200131", "20200201"], Equals(("20200131", "20200201"))),
        ("DA", ["20200101-20200131"], Between("20200101", "20200131")),
        ("DA", ["20200101 - 20200131"], Between("20200101", "20200131")),
        ("DA", ["-20200131"], Between(None, "20200131")),
        ("DA", ["20200101-"], Between("20200101", None)),
        (
            "DA",
            ["20200101-20200102", "-20100101", "20300101"],
            AnyOf((Between("20200101", "20200102"), Between(None, "20100101"), Equals(("20300101",)))),
        ),
    ],
)
def test_values_are_read_by_vr(vr, values, expected):
    assert parse_match(vr, values) == (expected,)


@pytest.mark.parametrize("vr", ["PN", "LO", "CS", "UI", "DA", "TM", "IS"])
@pytest.mark.parametrize("values", [[""], ["*"], ["**"], [" "], ["1", ""]])
def test_an_empty_value_or_a_lone_star_matches_everything(vr, values):
    assert parse_match(vr, values) == ()


@pytest.mark.parametrize(
    ("query", "inside", "outside"),
    [
        ("1030", ["1030", "103000", "103059.999999"], ["1029", "102959.9", "1031", "103100"]),
        ("10:30", ["103012"], ["1031"]),
        ("103000", ["1030", "103000", "103000.5"], ["103001", "102959"]),
        ("10", ["10", "1000", "105959.9"], ["11", "095959"]),
        ("103000.120", ["103000.12", "103000.120000"], ["103000.13", "103000.1", "1030"]),
        ("103000.000", ["103000", "103000.000"], ["103001"]),
        ("0800-1030", ["08", "0800", "080000.0", "1030", "103059.9"], ["0759", "075959.9", "1031"]),
        ("08:00:00-", ["08", "080000", "2359"], ["0759"]),
        ("-0030", ["00", "003059"], ["0031"]),
    ],
)
def test_times_match_as_moments_whatever_their_precision(query, inside, outside):
    [match] = parse_match("TM", [query])
    assert isinstance(match, Between)
    assert [value for value in inside if not holds(match, value)] == []
    assert [value for value in outside if holds(match, value)] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Doe^John", (Equals(("doe^john",)),)),
        ("DOE*", (Wildcard(("doe*",)),)),
        ("Müller^*", (Wildcard(("muller^*",)),)),
        ("Yamada^Tarou=山田^太郎", (Equals(("yamada^tarou",)), Equals(("山田^太郎",)))),
        ("=山田*", (Wildcard(("山田*",)),)),
        ("*=*=*", ()),
        ("=", ()),
    ],
)
def test_names_match_by_component_group_without_case(query, expected):
    assert parse_match("PN", [query]) == expected


def test_any_of_several_names():
    assert parse_match("PN", ["Doe", "Roe*"]) == (AnyOf((Equals(("doe",)), Wildcard(("roe*",)))),)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Smith^John", (SimilarName(("smith", "john")),)),
        ("ÅSA o'Neil", (SimilarName(("asa", "o", "neil")),)),
        ("*smi*", (AnyOf((Wildcard(("*smi*",)), SimilarName(("smi",)))),)),
        ("Hong=洪^吉洞", (SimilarName(("hong",)), SimilarName(("洪", "吉洞")))),
        ("^", (Equals(("",)),)),
        ("*", ()),
    ],
)
def test_fuzzy_matching_asks_for_the_words_of_a_name(query, expected):
    assert parse_match("PN", [query], FUZZY) == expected


@pytest.mark.parametrize(
    ("vr", "values", "expected"),
    [
        ("LO", ['""'], Empty()),
        ("DA", ['""'], Empty()),
        ("UI", ['""'], Empty()),
        ("CS", ["CT", '""'], AnyOf((Equals(("CT",)), Empty()))),
        ("LO", ['"a"'], Equals(('"a"',))),
        ("OB", ['""'], Empty()),
    ],
)
def test_two_quotation_marks_ask_for_no_value_where_empty_values_are_matched(vr, values, expected):
    assert parse_match(vr, values, WITH_EMPTY) == (expected,)


def test_two_quotation_marks_are_text_else():
    assert parse_match("LO", ['""']) == (Equals(('""',)),)
    with pytest.raises(ValueError, match="not a date"):
        parse_match("DA", ['""'])


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("DA", ["2020-01-31"]),
        ("DA", ["2020.01.31"]),
        ("DA", ["2020"]),
        ("DA", ["20201301"]),
        ("DA", ["20200132"]),
        ("DA", ["202001*"]),
        ("DA", ["-"]),
        ("DA", ["20200101-20200102-20200103"]),
        ("DA", ["٢٠٢٠٠١٠١"]),
        ("TM", ["2400"]),
        ("TM", ["1060"]),
        ("TM", ["103"]),
        ("TM", ["10:30 pm"]),
        ("UI", ["1.2.*"]),
        ("UI", ["abc"]),
        ("UI", ["1..2"]),
        ("UI", ["1." * 32 + "1"]),
        ("IS", ["1.5"]),
        ("IS", ["1,2"]),
        ("IS", ["5*"]),
        ("DS", ["1,5"]),
        ("DS", ["nan"]),
        ("DS", ["1e9999"]),
        ("FL", ["0x10"]),
        ("AT", ["PatientID"]),
        ("LO", ["a"] * 2001),
        ("LO", ["a*"] * 101),
        ("OB", ["1"]),
        ("SQ", ["1"]),
    ],
)
def test_values_that_the_vr_does_not_have_are_refused(vr, values):
    with pytest.raises(ValueError, match=r"\w"):
        parse_match(vr, values)
