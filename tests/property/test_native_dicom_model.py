"""DICOM JSON to the Native DICOM Model and back is the same; and whatever the bytes are, reading them ends well."""

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.dicom.errors import UnusableInstance
from app.dicom.xml_reader import read_xml
from app.dicom.xml_writer import write_xml
from tests.property.dicom_json import Attributes, documents


@settings(max_examples=100, deadline=None)
@given(documents)
@example({"00091001": {"vr": "LO"}, "00090010": {"vr": "LO", "Value": ["A"]}, "00090011": {"vr": "LO", "Value": ["A"]}})
@example({"00091101": {"vr": "LO"}, "00090010": {"vr": "LO", "Value": ["A"]}, "00090011": {"vr": "LO", "Value": ["A"]}})
@example({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^^^^"}, None, {"Phonetic": "^^^^^^"}]}})
def test_a_document_is_the_same_after_xml(document: Attributes) -> None:
    assert read_xml(write_xml(document)) == document


markup = st.sampled_from(
    [
        b"<",
        b"</",
        b">",
        b"/>",
        b"&",
        b"&lt;",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
        b'"',
        b" ",
        b"<!DOCTYPE a [",
    ]
    + [f"<{name}>".encode() for name in ("DicomAttribute", "Item", "PersonName", "Alphabetic", "BulkData")]
    + [b'tag="00100020"', b'vr="SQ"', b'number="1"', b'<Value number="1">', b"</Value>", b"\xff", b"\0"]
)
edits = st.lists(st.tuples(st.floats(0, 1), markup | st.binary(max_size=4), st.integers(0, 20)), max_size=5)


@settings(max_examples=100, deadline=None)
@given(documents, edits)
def test_damaged_xml_is_read_or_refused(document: Attributes, changes: list[tuple[float, bytes, int]]) -> None:
    data = bytearray(write_xml(document))
    for place, content, removed in changes:
        at = int(place * len(data))
        data[at : at + removed] = content
    with suppress(UnusableInstance):
        read_xml(bytes(data))
