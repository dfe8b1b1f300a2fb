"""XML as PS3.19 A.1 has it, read by the standard library's own parser."""

from xml.etree import ElementTree as ET

import orjson
import pytest

from app.dicom.store_report import FailedInstance, StoredInstanceReference, StoreReport, write_json
from app.dicom.xml_writer import NAMESPACE, write_xml
from storage.resource import ResourceKey

N = f"{{{NAMESPACE}}}"


def attribute(document: dict[str, dict[str, object]], number: int = 0) -> ET.Element:
    return ET.fromstring(write_xml(document))[number]


def test_the_model_has_its_namespace_and_keeps_spaces() -> None:
    assert write_xml({}) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">'
        b"</NativeDicomModel>"
    )


def test_an_attribute_has_tag_vr_and_keyword() -> None:
    written = attribute({"0020000D": {"vr": "UI", "Value": ["1.2"]}})
    assert written.tag == f"{N}DicomAttribute"
    assert written.attrib == {"tag": "0020000D", "vr": "UI", "keyword": "StudyInstanceUID"}
    assert [(value.tag, value.attrib, value.text) for value in written] == [(f"{N}Value", {"number": "1"}, "1.2")]


def test_an_unknown_attribute_has_no_keyword_and_an_empty_one_no_values() -> None:
    written = attribute({"0020FFF1": {"vr": "LO"}})
    assert written.attrib == {"tag": "0020FFF1", "vr": "LO"}
    assert list(written) == []


def test_an_empty_value_among_others_is_an_empty_element() -> None:
    written = attribute({"00080008": {"vr": "CS", "Value": ["MPG", None, "XR3"]}})
    assert [(value.get("number"), value.text) for value in written] == [("1", "MPG"), ("2", None), ("3", "XR3")]


@pytest.mark.parametrize(
    ("vr", "value", "text"), [("US", 512, "512"), ("DS", 0.5, "0.5"), ("DS", 1e-7, "1e-07"), ("FD", "NaN", "NaN")]
)
def test_numbers_are_written_in_decimal(vr: str, value: object, text: str) -> None:
    assert attribute({"00280010": {"vr": vr, "Value": [value]}})[0].text == text


def test_a_private_attribute_has_its_creator_instead_of_its_block() -> None:
    document: dict[str, dict[str, object]] = {
        "00190010": {"vr": "LO", "Value": ["OTHER"]},
        "00190011": {"vr": "LO", "Value": ['A & "B"']},
        "00191127": {"vr": "DS", "Value": [1.5]},
    }
    assert attribute(document, 2).attrib == {"tag": "00190027", "vr": "DS", "privateCreator": 'A & "B"'}
    assert attribute(document, 1).attrib == {"tag": "00190011", "vr": "LO"}


def test_a_private_attribute_without_creator_keeps_its_tag() -> None:
    assert attribute({"00191127": {"vr": "UN"}}).attrib == {"tag": "00191127", "vr": "UN"}


def test_a_person_name_is_taken_into_components() -> None:
    name = {"Alphabetic": "Yamada^Tarou^^Dr.", "Ideographic": "山田^太郎", "Phonetic": "やまだ^^^^さん"}
    written = attribute({"00100010": {"vr": "PN", "Value": [name]}})[0]
    assert (written.tag, written.attrib) == (f"{N}PersonName", {"number": "1"})
    assert [
        (group.tag.removeprefix(N), [(part.tag.removeprefix(N), part.text) for part in group]) for group in written
    ] == [
        ("Alphabetic", [("FamilyName", "Yamada"), ("GivenName", "Tarou"), ("NamePrefix", "Dr.")]),
        ("Ideographic", [("FamilyName", "山田"), ("GivenName", "太郎")]),
        ("Phonetic", [("FamilyName", "やまだ"), ("NameSuffix", "さん")]),
    ]


def test_items_are_numbered_and_hold_attributes() -> None:
    written = attribute({"00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}}, {}]}})
    assert [(item.tag, item.get("number"), len(item)) for item in written] == [
        (f"{N}Item", "1", 1),
        (f"{N}Item", "2", 0),
    ]
    assert written[0][0].get("keyword") == "ReferencedSOPInstanceUID"


def test_binary_values_are_inline_or_located() -> None:
    inline = attribute({"00420011": {"vr": "OB", "InlineBinary": "AQID"}})
    assert (inline[0].tag, inline[0].text) == (f"{N}InlineBinary", "AQID")
    located = attribute({"7FE00010": {"vr": "OW", "BulkDataURI": "http://host/a?b=1&c=2"}})
    assert (located[0].tag, located[0].attrib) == (f"{N}BulkData", {"uri": "http://host/a?b=1&c=2"})


@pytest.mark.parametrize("text", ["<&>\"'", "two\r\nlines\tand\rmore", " spaces ", "王𝄞\u0085\u2028", "]]>"])
def test_every_character_of_xml_is_kept(text: str) -> None:
    assert attribute({"00104000": {"vr": "LT", "Value": [text]}})[0].text == text


@pytest.mark.parametrize("char", ["\0", "\x0b", "\x0c", "\x1b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_character_that_xml_does_not_have_is_replaced(char: str) -> None:
    assert attribute({"00104000": {"vr": "LT", "Value": [f"a{char}b"]}})[0].text == "a\ufffdb"


def test_a_store_report_is_written_too() -> None:
    key = ResourceKey("1.2", "1.3", "1.4")
    report = StoreReport("1.2", (StoredInstanceReference("1.5", key), FailedInstance(None, None, 0xC000, ())))
    root = ET.fromstring(write_xml(orjson.loads(write_json(report))))
    keywords = [element.get("keyword") for element in root]
    assert {"RetrieveURL", "FailedSOPSequence", "ReferencedSOPSequence"} <= set(keywords)
    reasons = root.iterfind(f"{N}DicomAttribute/{N}Item/{N}DicomAttribute[@keyword='FailureReason']/{N}Value")
    assert [reason.text for reason in reasons] == [str(0xC000)]
