from typing import Any

import pytest

from app.dicom.matching import MatchingRules
from app.dicom.value_conditions import AsStored, value_condition

PLAIN, FUZZY, WITH_EMPTY = MatchingRules(), MatchingRules(fuzzy_names=True), MatchingRules(empty_values=True)
YAMADA = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}


def holds(vr: str, key: str | list[str], *values: Any, rules: MatchingRules = PLAIN, offset: int | None = None) -> bool:
    keys = [key] if isinstance(key, str) else key
    return value_condition(vr, keys, rules).holds({"vr": vr, "Value": list(values)}, offset)


@pytest.mark.parametrize(
    ("vr", "key", "values", "expected"),
    [
        ("LO", "ACME", ["ACME"], True),
        ("LO", "acme", ["ACME"], False),
        ("LO", "ACME", [" ACME "], True),
        ("LO", "A*", ["other", "ACME"], True),
        ("LO", "A*", [None, "bcd"], False),
        ("LO", "A[B]?", ["A[B]C"], True),
        ("LO", "A[B]", ["AB"], False),
        ("LT", "a", [" a "], False),
        ("LT", " a", [" a "], True),
        ("UT", "a*d", ["a\nb\nc\nd"], True),
        ("UT", "a" + "*a" * 50 + "b", ["a" * 10_000], False),
        ("ST", "a\\b", ["a\\b"], True),
        ("AS", "04*", ["045Y"], False),
        ("CS", "ORIGINAL,DERIVED", ["DERIVED", "PRIMARY"], True),
        ("UI", "1.2\\1.3", ["1.3"], True),
        ("UI", "1.2", ["1.2.3"], False),
        # Numbers
        ("DS", "1.50", [1.5], True),
        ("DS", "1.5", [15], False),
        ("DS", "5", [1.0, 5.0], True),
        ("IS", "007", [7], True),
        ("FL", "0.1", [0.10000000149011612], True),
        ("FD", "0.1", [0.1], True),
        ("FD", "1e400", ["Infinity"], False),
        ("US", "0", [-0.0], True),
        ("UV", "18446744073709551615", ["18446744073709551615"], True),
        ("DS", "5", ["NaN", None], False),
        ("AT", "0018106a", ["0018106A"], True),
        # Dates and times, also as they were written before DICOM
        ("DA", "19970424", ["1997.04.24"], True),
        ("DA", "19970101-", ["1997.04.24"], True),
        ("TM", "103000-103059", ["10:30:15"], True),
        ("TM", "1030", ["103059.999999"], True),
        ("TM", "1030", ["1031"], False),
        # Names
        ("PN", "yamada^tarou", [YAMADA], True),
        ("PN", "山田*", [YAMADA], True),
        ("PN", "=山田*", [YAMADA], True),
        ("PN", "山田*=", [YAMADA], False),
        ("PN", "Yamada*=山田*=やまだ*", [YAMADA], True),
        ("PN", "Yamada*=王*", [YAMADA], False),
        ("PN", "Yamada*=*", [{"Alphabetic": "Yamada"}], True),
        ("PN", "MÜLLER^*", [{"Alphabetic": "Muller^Anne"}], True),
        ("PN", "Smith", [{"Alphabetic": "Smith^John"}], False),
        ("PN", "Smith^John", [{"Alphabetic": "Doe"}, {"Alphabetic": "SMITH^John^^^"}], True),
        ("PN", "Doe", ["Doe"], True),
        ("PN", "^", [YAMADA], False),
        ("PN", ["Doe", "=山田*"], [YAMADA], True),
    ],
)
def test_some_value_matches(vr, key, values, expected):
    assert holds(vr, key, *values) is expected


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("john smith", "Smith^John", True),
        ("smi jo", "Smith^John", True),
        ("Smyth", "Schmidt^Anna", True),
        ("Meier", "Mayer^Hans", True),
        ("mith", "Smith^John", False),
        ("*mith", "Smith", True),
        ("john smith", "Smith^Anna", False),
        ("жуков", "Жуков^Иван", True),
        ("123", "Test^123456", True),
    ],
)
def test_fuzzy_matching_finds_words_that_begin_or_sound_alike(key, name, expected):
    assert holds("PN", key, {"Alphabetic": name}, rules=FUZZY) is expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (None, True),
        ({"vr": "LO"}, True),
        ({"vr": "LO", "Value": []}, True),
        ({"vr": "LO", "Value": [None]}, True),
        ({"vr": "LO", "Value": ["a"]}, False),
        ({"vr": "OB", "InlineBinary": "AAA="}, False),
        ({"vr": "OW", "BulkDataURI": "/x"}, False),
        ({"vr": "SQ", "Value": [{}]}, False),
    ],
)
@pytest.mark.parametrize("vr", ["LO", "DA", "DT", "PN", "OB", "SQ", "DS"])
def test_empty_values_are_absent_ones_and_those_without_a_value(vr, element, expected):
    assert value_condition(vr, ['""'], WITH_EMPTY).holds(element, None) is expected


def test_a_key_of_values_and_of_none_matches_either():
    assert holds("CS", ["M", '""'], rules=WITH_EMPTY)
    assert holds("CS", ["M", '""'], "M", rules=WITH_EMPTY)
    assert not holds("CS", ["M", '""'], "F", rules=WITH_EMPTY)


def test_date_times_without_a_time_zone_are_in_that_of_the_data_set_and_else_of_the_query():
    assert holds("DT", "20200615100000+0000", "20200615120000", offset=120)
    assert holds("DT", "20200615100000+0000", "20200615110000+0100", offset=120)
    query = MatchingRules(utc_offset=120)
    assert holds("DT", "20200615120000", "20200615120000", rules=query)
    assert holds("DT", "20200615120000", "20200615110000", rules=query, offset=60)
    assert holds("DT", ["2019", "2021-"], "not a date", "20220101")


def test_an_attribute_without_a_known_vr_is_read_as_it_is_stored():
    condition = AsStored(["1.50"], PLAIN)
    assert condition.holds({"vr": "DS", "Value": [1.5]}, None)
    assert condition.holds({"vr": "LO", "Value": ["1.50"]}, None)
    assert not condition.holds({"vr": "LO", "Value": ["1.5"]}, None)
    assert not condition.holds({"vr": "UI", "Value": ["1.50.1"]}, None)
    assert not condition.holds({"vr": "DA", "Value": ["1.50"]}, None)
    assert not condition.holds({"vr": "OB", "InlineBinary": "AAA="}, None)
    assert not condition.holds(None, None)


@pytest.mark.parametrize(
    "element",
    [
        7,
        "text",
        [],
        {},
        {"vr": 7},
        {"Value": 7},
        {"Value": {}},
        {"Value": [[], {}, 7, False, "x", {"Alphabetic": 7}, 1e999]},
    ],
)
@pytest.mark.parametrize(
    ("vr", "key"),
    [
        ("LO", "a*"),
        ("PN", "a=b"),
        ("PN", "a"),
        ("DS", "1"),
        ("DT", "2020"),
        ("DA", "20200101"),
        ("TM", "10"),
        ("UI", "1.2"),
    ],
)
def test_what_is_not_as_dicom_json_has_it_matches_nothing(vr, key, element):
    assert value_condition(vr, [key], PLAIN).holds(element, None) is False
    assert AsStored([key], PLAIN).holds(element, None) is False
