"""Values that PS3.5 6.2 allows and forbids, VR by VR; the examples of the standard are among them."""

import pytest

from app.dicom.value_rules import VALUE_RULES

ALLOWED: dict[str, list[object]] = {
    "AE": ["STORESCP", "a.b-c_d", "A" * 16, " PADDED"],
    "AS": ["018M", "000D", "999Y", "004W"],
    "CS": ["ISO_IR 100", "MONOCHROME2", "A" * 16, " PADDED "],
    "DA": ["19930822", "20240229", "20000229", "00010101"],
    "DT": [
        "1953",
        "195308",
        "19530827",
        "1953082711",
        "195308271113",
        "19530827111300",
        "19530827111300.0",
        "19530827111300.123456",
        "19530827111300.123456-0500",
        "1953+0000",
        "19530827+1400",
        "19530827-1200",
        "19530827235960",
        "20240229",
        "19530827111300  ",
    ],
    "LO": ["x" * 64, "Müller", "山田" * 32, " padded "],
    "LT": ["x" * 10240, "line\r\nline\tand tab\f"],
    "SH": ["x" * 16, "ü" * 16],
    "ST": ["x" * 1024, "line\r\nline", "back\\slash"],
    "TM": ["07", "0709", "070907", "070907.0705", "235960", "235959.999999", "00", "1010 "],
    "UC": ["x" * 100_000],
    "UI": ["1.2.840.10008.1.2", "0.0", "2.25.0", "9" * 64, "1." + "1" * 62],
    "UR": ["https://example.org/a?b=c&d=%20#e", "urn:oid:1.2.3", "a/b"],
    "UT": ["x" * 100_000, "line\nline"],
    "DS": [1.5, 0, -1e300],
    "IS": [0, 2**31 - 1, -(2**31)],
    "PN": [
        {"Alphabetic": "Adams^John Robert Quincy^^Rev.^B.A. M.Div."},
        {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"},
        {"Ideographic": "x" * 64},
        {"Alphabetic": "^^^^"},
    ],
}

FORBIDDEN: dict[str, list[object]] = {
    "AE": ["A" * 17, "BACK\\SLASH", "TWO\nLINES", "Ä", 1],
    "AS": ["18M", "018m", "018", "0018M", "018H", "018M ", ""],
    "CS": ["lower", "A" * 17, "A-B", "A.B", "Ä", "A\tB", 7],
    "DA": ["1993.08.22", "199308", "19930832", "19931301", "20230229", "19000229", "00000101", "19930822 ", "١٩٩٣٠٨٢٢"],
    "DT": [
        "",
        "195",
        "19531",
        "19531301",
        "20230229",
        "1953082724",
        "195308271160",
        "19530827111361",
        "19530827111300.",
        "19530827111300.1234567",
        "19530827.5",
        "1953-0000",
        "1953+1401",
        "1953-1201",
        "1953+05",
        "1953+0060",
        " 1953",
        "1953 08",
    ],
    "LO": ["x" * 65, "two\nlines", "\x00", "\x85", "un\ufffdreadable"],
    "LT": ["x" * 10241, "bell\x07"],
    "SH": ["x" * 17, "tab\t"],
    "ST": ["x" * 1025, "\x01"],
    "TM": ["7", "24", "240000", "070", "0760", "070961", "07:09:07", "070907.", "070907.1234567", " 07", "0709.5"],
    "UC": ["two\nlines"],
    "UI": ["", "1.02", "01.2", "1..2", "1.", ".1", "1.2.a", "1" * 65, "1." + "1" * 63, "1.2 ", "1.2\n", "00"],
    "UR": [" leading", "two words", "back\\slash", "ü", "<x>"],
    "UT": ["\x00"],
    "DS": [None, "1.5", "x", True, []],
    "IS": [None, 2**31, -(2**31) - 1, "9007199254740993", 1.5],
    "PN": [
        {"Alphabetic": "x" * 65},
        {"Ideographic": "x^" * 33},
        {"Alphabetic": "a^b^c^d^e^f"},
        {"Alphabetic": "two\nlines"},
        {"Alphabetic": 1},
        "Adams^John",
    ],
}


@pytest.mark.parametrize(("vr", "value"), [(vr, value) for vr, values in ALLOWED.items() for value in values])
def test_a_value_by_the_rules_is_accepted(vr: str, value: object) -> None:
    assert VALUE_RULES[vr].accepts([value])


@pytest.mark.parametrize(("vr", "value"), [(vr, value) for vr, values in FORBIDDEN.items() for value in values])
def test_a_value_against_the_rules_is_not(vr: str, value: object) -> None:
    assert not VALUE_RULES[vr].accepts([value])


@pytest.mark.parametrize("vr", sorted(VALUE_RULES))
def test_one_bad_value_among_good_ones_is_enough(vr: str) -> None:
    assert VALUE_RULES[vr].accepts(ALLOWED[vr])
    assert not VALUE_RULES[vr].accepts([*ALLOWED[vr], FORBIDDEN[vr][0], *ALLOWED[vr]])


@pytest.mark.parametrize("vr", sorted(set(VALUE_RULES) - {"DS", "IS"}))
def test_an_empty_value_among_others_is_allowed_where_it_cannot_be_a_number_that_was_unreadable(vr: str) -> None:
    assert VALUE_RULES[vr].accepts([None, ALLOWED[vr][0], None])
