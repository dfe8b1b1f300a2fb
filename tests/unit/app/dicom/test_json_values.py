"""DICOM JSON values that the sample files do not show (PS3.18 Annex F); pydicom can read each data set back."""

import warnings
from struct import pack

import orjson
import pytest
from pydicom.dataset import Dataset

from app.dicom.part10 import BytesSource, parse
from tests.unit.app.dicom.encoding import (
    IMPLICIT,
    ITEM_DELIMITER,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    element,
    file,
    implicit,
    item,
    meta,
    padded,
)

IMPLICIT_IDENTITY = b"".join(
    implicit(tag, padded(uid))
    for tag, uid in ((0x00080016, "1.2.3"), (0x00080018, "1.2.4"), (0x0020000D, "1.2.5"), (0x0020000E, "1.2.6"))
)


def metadata(data: bytes) -> dict[str, dict[str, object]]:
    """The DICOM JSON of a file, which must be strict JSON that pydicom can read."""
    written = parse(BytesSource(data)).metadata
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Dataset.from_json(written.decode())
    attributes: dict[str, dict[str, object]] = orjson.loads(written)
    assert list(attributes) == sorted(attributes)
    return attributes


def written(vr: str, value: bytes, tag: int = 0x00331001) -> dict[str, object]:
    return metadata(file(element(tag, vr, value)))[f"{tag:08X}"]


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("AE", b" ONE \\TWO ", ["ONE", "TWO"]),
        ("AS", b"045Y", ["045Y"]),
        ("AT", pack("<4H", 0x0010, 0x0020, 0x7FE0, 0x0010), ["00100020", "7FE00010"]),
        ("CS", b"A\\\\B ", ["A", None, "B"]),
        ("DA", b"20200229", ["20200229"]),
        ("DS", b"1.5\\-2e3\\ 4 ", [1.5, -2000.0, 4.0]),
        ("DS", b"1.5\\\\x\\NaN\\1e999 ", [1.5, None, None, None, None]),
        ("DT", b"20200229101010.5+0100 ", ["20200229101010.5+0100"]),
        ("FD", pack("<2d", 0.1, -1e300), [0.1, -1e300]),
        ("FD", pack("<3d", float("nan"), float("inf"), float("-inf")), ["NaN", "Infinity", "-Infinity"]),
        ("FL", pack("<f", 0.5), [0.5]),
        ("FL", pack("<2f", float("nan"), 1), ["NaN", 1.0]),
        ("IS", b"+05\\-7\\1.0 ", [5, -7, 1]),
        ("IS", b"99999999999999999999 ", ["99999999999999999999"]),
        ("LO", b" a \\b", [" a", "b"]),
        ("LT", b" a\\b \r\n ", [" a\\b \r\n"]),
        (
            "PN",
            b"A^B=C=D\\\\=E",
            [{"Alphabetic": "A^B", "Ideographic": "C", "Phonetic": "D"}, None, {"Ideographic": "E"}],
        ),
        ("SL", pack("<2l", -1, 2**31 - 1), [-1, 2**31 - 1]),
        ("SS", pack("<h", -32768), [-32768]),
        ("SV", pack("<2q", -(2**53) + 1, -(2**63)), [-(2**53) + 1, str(-(2**63))]),
        ("TM", b"101010.123456 ", ["101010.123456"]),
        ("UC", b"long\\er ", ["long", "er"]),
        ("UI", b"1.2\\1.3\0", ["1.2", "1.3"]),
        ("UL", pack("<L", 2**32 - 1), [2**32 - 1]),
        ("UR", b"http://x/a?b=c\\d ", ["http://x/a?b=c\\d"]),
        ("US", pack("<2H", 0, 65535), [0, 65535]),
        ("UT", b"a\\b", ["a\\b"]),
        ("UV", pack("<2Q", 2**53 - 1, 2**64 - 1), [2**53 - 1, str(2**64 - 1)]),
    ],
)
def test_values_of_each_vr(vr: str, value: bytes, expected: list[object]) -> None:
    assert written(vr, value) == {"vr": vr, "Value": expected}


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("LO", b""),
        ("LO", b"  "),
        ("DS", b"  "),
        ("IS", b"abc "),
        ("DS", b"1,5 "),
        ("US", b""),
        ("US", b"\1"),
        ("PN", b"^="[:0]),
    ],
)
def test_without_a_readable_value_there_is_no_value(vr: str, value: bytes) -> None:
    assert written(vr, value) == {"vr": vr}


def test_bytes_left_over_behind_whole_numbers_are_dropped() -> None:
    assert written("US", b"\1\0\2") == {"vr": "US", "Value": [1]}
    assert written("AT", b"\1\0\2\0\3\0") == {"vr": "AT", "Value": ["00010002"]}


def test_control_characters_are_escaped() -> None:
    assert written("ST", b'a\0b\x01"\\\x7f') == {"vr": "ST", "Value": ['a\0b\x01"\\\x7f']}


@pytest.mark.parametrize(
    ("character_set", "value", "expected"),
    [
        (b"ISO_IR 100", "Ü".encode("latin-1"), "Ü"),
        (b"ISO_IR 192", "山田".encode(), "山田"),
        (b"GB18030 ", "王".encode("gb18030"), "王"),
        (b"ISO_IR 192", b"\xff\xfe", "\ufffd\ufffd"),
        (b"ISO-IR 144", "Люк".encode("iso8859_5"), "Люк"),
        (b"unheard of", b"\xfc", "ü"),
        (b"utf_16", b"\xfc", "ü"),
        (b"ISO_IR 192\\ISO 2022 IR 100", "é".encode(), "é"),
        (b"\\ISO 2022 IR 87", b"Yamada \x1b$B;3ED\x1b(B", "Yamada 山田"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xb1\xe8\xc8\xf1", "김희"),
        (b"ISO 2022 IR 100\\ISO 2022 IR 126", b"\xe4\x1b-F\xd3\x0d\xe4", "äΣ\rä"),
        (b"ISO 2022 IR 100", b"\x1b-F\xe4", "\x1b-Fä"),
    ],
)
def test_text_is_read_in_its_character_set(character_set: bytes, value: bytes, expected: str) -> None:
    data = file(element(0x00080005, "CS", character_set), element(0x00204000, "LT", value))
    assert metadata(data)["00204000"]["Value"] == [expected]


def test_the_character_set_of_the_source_is_preserved() -> None:
    """PS3.18 F.2.2 Note 3: it tells of the source, the JSON is UTF-8 all the same."""
    data = file(element(0x00080005, "CS", b"ISO_IR 100"))
    assert metadata(data)["00080005"] == {"vr": "CS", "Value": ["ISO_IR 100"]}


def test_an_item_may_have_its_own_character_set() -> None:
    greek = element(0x00080005, "CS", b"ISO_IR 126") + element(0x00080104, "LO", "Διον".encode("iso8859_7"))
    plain = element(0x00080104, "LO", "Ü".encode("latin-1"))
    data = file(element(0x00080005, "CS", b"ISO_IR 100"), element(0x00081032, "SQ", item(greek) + item(plain)))
    items = metadata(data)["00081032"]["Value"]
    assert isinstance(items, list)
    assert [entry["00080104"]["Value"] for entry in items] == [["Διον"], ["Ü"]]


def test_group_lengths_and_meta_elements_are_no_attributes() -> None:
    stray = element(0x00080000, "UL", pack("<L", 4)) + element(0x00020016, "AE", b"ME")
    assert set(metadata(meta() + stray[:0] + file(stray)[len(meta()) :])) == {
        "00080016",
        "00080018",
        "00083002",
        "0020000D",
        "0020000E",
    }


def test_the_stored_transfer_syntax_is_available() -> None:
    assert metadata(file())["00083002"] == {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}


def test_sequences_in_all_four_forms_of_length() -> None:
    code = element(0x00080100, "SH", b"T-1 ")
    for content in (code, code + ITEM_DELIMITER):
        entry = item(content, length=UNDEFINED) if content.endswith(ITEM_DELIMITER) else item(content)
        for sequence in (
            element(0x00081032, "SQ", entry),
            element(0x00081032, "SQ", entry + SEQUENCE_DELIMITER, length=UNDEFINED),
        ):
            expected = {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["T-1"]}}]}
            assert metadata(file(sequence))["00081032"] == expected


def test_an_empty_item_is_an_empty_object() -> None:
    assert metadata(file(element(0x00081032, "SQ", item(b""))))["00081032"] == {"vr": "SQ", "Value": [{}]}
    assert metadata(file(element(0x00081032, "SQ", b"")))["00081032"] == {"vr": "SQ"}


def test_un_of_undefined_length_is_a_sequence_in_implicit_vr() -> None:
    inner = item(implicit(0x00080100, b"T-1 "))
    data = file(element(0x00331001, "UN", inner + SEQUENCE_DELIMITER, length=UNDEFINED))
    assert metadata(data)["00331001"] == {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["T-1"]}}]}


def test_a_private_attribute_of_unknown_creator_stays_un() -> None:
    assert metadata(file(element(0x00330010, "LO", b"SOMEBODY"), element(0x00331001, "UN", b"ab")))["00331001"] == {
        "vr": "UN",
        "InlineBinary": "YWI=",
    }


@pytest.mark.parametrize(("pixel_representation", "vr", "value"), [(0, "US", 65535), (1, "SS", -1)])
def test_ambiguous_values_follow_pixel_representation_also_in_items(
    pixel_representation: int, vr: str, value: int
) -> None:
    smallest = implicit(0x00280106, b"\xff\xff")
    data = (
        meta(IMPLICIT)
        + IMPLICIT_IDENTITY
        + implicit(0x00280103, pack("<H", pixel_representation))
        + smallest
        + implicit(0x00409096, item(smallest))
    )
    attributes = metadata(data)
    assert attributes["00280106"] == {"vr": vr, "Value": [value]}
    assert attributes["00409096"] == {"vr": "SQ", "Value": [{"00280106": {"vr": vr, "Value": [value]}}]}


def test_the_number_of_entries_of_a_look_up_table_is_unsigned() -> None:
    data = (
        meta(IMPLICIT)
        + IMPLICIT_IDENTITY
        + implicit(0x00280103, b"\1\0")
        + implicit(0x00283002, pack("<3H", 65535, 65535, 16))
    )
    assert metadata(data)["00283002"] == {"vr": "SS", "Value": [65535, -1, 16]}


def test_look_up_table_data_of_one_entry_is_a_number() -> None:
    for entries, expected in ((1, {"vr": "US", "Value": [7]}), (2, {"vr": "OW", "InlineBinary": "BwA="})):
        table = implicit(0x00283002, pack("<3H", entries, 0, 16)) + implicit(0x00283006, b"\7\0")
        data = meta(IMPLICIT) + IMPLICIT_IDENTITY + implicit(0x00283000, item(table))
        items = metadata(data)["00283000"]["Value"]
        assert isinstance(items, list)
        assert items[0]["00283006"] == expected


@pytest.mark.parametrize("tag", [0x00281200, 0x60003000, 0x50003000, 0x7FE00010])
def test_what_stays_ambiguous_is_words(tag: int) -> None:
    data = meta(IMPLICIT) + IMPLICIT_IDENTITY + implicit(tag, b"\1\0")
    assert metadata(data)[f"{tag:08X}"]["vr"] == "OW"
