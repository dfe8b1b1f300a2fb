"""Value fields as the tables of PS3.5 6.2 have them."""

from math import inf, isnan, nan
from struct import pack, unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dicom.value_encoding import decode_inline_binary, encode_values


@pytest.mark.parametrize(
    ("vr", "values", "expected"),
    [
        ("LO", ["one"], b"one "),
        ("LO", ["a", None, "b"], b"a\\\\b"),
        ("LO", [], b""),
        ("SH", ["ä"], "ä".encode()),
        ("LT", ["a\\b"], b"a\\b "),
        ("UI", ["1.2"], b"1.2\0"),
        ("CS", ["É"], b"\xc9 "),
        ("UI", ["1.2", "1.3"], b"1.2\\1.3\0"),
        ("CS", ["ORIGINAL", "PRIMARY"], b"ORIGINAL\\PRIMARY"),
        ("IS", [1, None, -2], b"1\\\\-2 "),
        ("IS", ["007"], b"007 "),
        ("IS", [3.0], b"3 "),
        ("DS", [1.0, 0.5], b"1\\0.5 "),
        ("DS", ["1.50"], b"1.50"),
        ("DS", [5], b"5 "),
        ("PN", [{"Alphabetic": "A^B"}], b"A^B "),
        ("PN", [{"Phonetic": "p"}], b"==p "),
        ("PN", [{"Alphabetic": "A", "Ideographic": "王"}], "A=王 ".encode()),
        ("PN", ["A^B=C", None, {}], b"A^B=C\\\\ "),
        ("US", [1, 65_535], b"\1\0\xff\xff"),
        ("US", ["7"], b"\7\0"),
        ("SS", [-2], b"\xfe\xff"),
        ("SV", ["-9223372036854775808"], bytes(7) + b"\x80"),
        ("UV", ["18446744073709551615"], b"\xff" * 8),
        ("FL", [1], b"\0\0\x80\x3f"),
        ("FL", ["Infinity"], pack("<f", inf)),
        ("FD", ["-Infinity"], pack("<d", -inf)),
        ("AT", ["00280010", "7FE00010"], b"\x28\0\x10\0\xe0\x7f\x10\0"),
    ],
)
def test_values_are_encoded_as_their_vr_asks(vr: str, values: list[object], expected: bytes) -> None:
    assert encode_values(vr, values) == expected


def test_not_a_number_is_a_number() -> None:
    assert isnan(unpack("<d", encode_values("FD", ["NaN"]))[0])


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("LO", [1]),
        ("LO", [{}]),
        ("LT", ["a", "b"]),
        ("PN", [["A"]]),
        ("PN", [{"Alphabetic": 1}]),
        ("IS", [1.5]),
        ("IS", ["1A"]),
        ("IS", ["1_0"]),
        ("IS", ["٣"]),
        ("IS", [True]),
        ("DS", ["x"]),
        ("DS", [nan]),
        ("DS", [inf]),
        ("DS", [False]),
        ("US", [-1]),
        ("US", [65_536]),
        ("US", [None]),
        ("SS", [40_000]),
        ("FL", [1e300]),
        ("FL", [True]),
        ("FD", ["one"]),
        ("FD", [None]),
        ("AT", ["0028"]),
        ("AT", ["0028001G"]),
        ("AT", [0x00280010]),
        ("OB", ["x"]),
        ("SQ", [{}]),
        ("LO", ["\ud800"]),
        ("CS", ["王"]),
        ("UR", ["a", "b"]),
    ],
)
def test_what_is_no_value_of_the_vr_is_refused(vr: str, values: list[object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode_values(vr, values)


@pytest.mark.parametrize("vr", ["IS", "DS", "US", "FD", "AT", "PN"])
def test_a_refusal_does_not_repeat_a_long_value(vr: str) -> None:
    with pytest.raises(ValueError, match="…") as refusal:
        encode_values(vr, [["x" * 1000] if vr == "PN" else "x" * 1000])
    assert len(str(refusal.value)) < 100


@given(st.floats(-1e300, 1e300))
def test_a_decimal_string_has_16_characters_and_as_many_digits_as_fit(number: float) -> None:
    text = encode_values("DS", [number]).rstrip(b" ").decode()
    assert len(text) <= 16
    assert float(text) == pytest.approx(number, rel=1e-8, abs=0)


@given(st.from_regex(r"-?[1-9][0-9]{0,6}\.[0-9]{0,6}[1-9]", fullmatch=True) | st.integers(-(10**14), 10**14).map(str))
def test_a_decimal_that_came_from_a_data_set_is_not_rounded(text: str) -> None:
    assert float(encode_values("DS", [float(text)])) == float(text)


@pytest.mark.parametrize(
    ("vr", "text", "expected"), [("OB", "AQID", b"\1\2\3\0"), ("OW", "AQI=", b"\1\2"), ("UN", "", b"")]
)
def test_inline_binary_is_base64_of_the_value_field(vr: str, text: str, expected: bytes) -> None:
    assert decode_inline_binary(vr, text) == expected


@pytest.mark.parametrize("text", ["AQI", "A=", "ä", "AQ ID", 5, ["AQID"]])
def test_inline_binary_that_is_not_base64_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="InlineBinary"):
        decode_inline_binary("OB", text)
