"""XML from clients: what the standard's own examples mean, other toolkits' habits, and attacks."""

from xml.etree import ElementTree as ET

import orjson
import pytest

from app.dicom.errors import LimitExceeded, MalformedDataSet, UnusableInstance
from app.dicom.limits import ParseLimits
from app.dicom.part10 import BytesSource, parse
from app.dicom.xml_reader import MAX_MARKUP, read_xml
from app.dicom.xml_writer import NAMESPACE, write_xml
from tests.sample_data import bundled_files, collection_files


def model(content: str) -> bytes:
    return f'<NativeDicomModel xmlns="{NAMESPACE}">{content}</NativeDicomModel>'.encode()


def attribute(tag: str, vr: str, content: str = "", more: str = "") -> str:
    return f'<DicomAttribute tag="{tag}" vr="{vr}" {more}>{content}</DicomAttribute>'


def values(*texts: str) -> str:
    return "".join(f'<Value number="{number}">{text}</Value>' for number, text in enumerate(texts, 1))


XML_HAS_NO_ESCAPE = "fo-dicom__chrGB2312.dcm"
"""A name in it holds escape characters, for the file's character set is not the one that it names."""


@pytest.mark.usefixtures("quiet_pydicom")
def test_the_metadata_of_every_sample_file_are_the_same_after_xml() -> None:
    read = 0
    for path in bundled_files() + collection_files():
        try:
            metadata = parse(BytesSource(path.read_bytes())).metadata
        except UnusableInstance:
            continue
        document = orjson.loads(metadata.replace(b"\\u001b", "\ufffd".encode()))
        assert (document == orjson.loads(metadata)) == (path.name != XML_HAS_NO_ESCAPE)
        assert read_xml(write_xml(orjson.loads(metadata))) == document, path.name
        read += 1
    assert read > 100


def test_an_example_as_another_toolkit_writes_it() -> None:
    """Without namespace, indented, with keywords first, and without private creators as attributes."""
    data = b"""<?xml version="1.0" encoding="UTF-8"?>
    <NativeDicomModel xml:space="preserve">
      <DicomAttribute keyword="PatientName" tag="00100010" vr="PN">
        <PersonName number="1">
          <Alphabetic>
            <FamilyName>Wang</FamilyName><GivenName>XiaoDong</GivenName><NameSuffix>Jr.</NameSuffix>
          </Alphabetic>
          <Ideographic><FamilyName>\xe7\x8e\x8b</FamilyName></Ideographic>
        </PersonName>
      </DicomAttribute>
      <DicomAttribute tag="00190027" privateCreator="ACME" vr="DS"><Value number="1">1.50</Value></DicomAttribute>
      <DicomAttribute tag="00190028" privateCreator="ACME 2" vr="LO"/>
      <DicomAttribute tag="00191029" privateCreator="ACME" vr="LO"/>
      <DicomAttribute keyword="PixelData" tag="7FE00010" vr="OW"><BulkData uuid="4711"/></DicomAttribute>
      <DicomAttribute keyword="Rows" tag="00280010"><Value number="1"> 512 </Value></DicomAttribute>
      <DicomAttribute tag="00420011" vr="OB"><InlineBinary>
        AQID
        BAUG
      </InlineBinary></DicomAttribute>
    </NativeDicomModel>"""
    assert list(read_xml(data).items()) == [
        ("00100010", {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong^^^Jr.", "Ideographic": "王"}]}),
        ("00190010", {"vr": "LO", "Value": ["ACME"]}),
        ("00190011", {"vr": "LO", "Value": ["ACME 2"]}),
        ("00191027", {"vr": "DS", "Value": [1.5]}),
        ("00191029", {"vr": "LO"}),
        ("00191128", {"vr": "LO"}),
        ("00280010", {"vr": "US", "Value": [512]}),
        ("00420011", {"vr": "OB", "InlineBinary": "AQIDBAUG"}),
        ("7FE00010", {"vr": "OW", "BulkDataURI": "4711"}),
    ]


def test_a_block_that_is_taken_is_not_reserved_again() -> None:
    creator = attribute("00190010", "LO", values("OTHER"))
    private = attribute("00190001", "LO", values("x"), 'privateCreator="ACME"')
    for document in (creator + private, private + creator):
        assert list(read_xml(model(document))) == ["00190010", "00190011", "00191101"]


@pytest.mark.parametrize(
    ("tag", "content", "vr"),
    [
        ("00280106", values("5"), "US"),
        ("00283006", '<BulkData uri="u"/>', "OW"),
        ("7FE00010", "<InlineBinary>AAAA</InlineBinary>", "OW"),
        ("00100020", values("x"), "LO"),
        ("0009FF01", "", "UN"),
    ],
)
def test_a_vr_that_is_not_said_is_that_of_the_dictionary(tag: str, content: str, vr: str) -> None:
    assert read_xml(model(f'<DicomAttribute tag="{tag}">{content}</DicomAttribute>'))[tag]["vr"] == vr


@pytest.mark.parametrize(
    ("vr", "text", "value"),
    [
        ("IS", "12", 12),
        ("IS", "99999999999999999999", "99999999999999999999"),
        ("UV", "18446744073709551615", "18446744073709551615"),
        ("SV", "-5", -5),
        ("DS", " 1e-3 ", 0.001),
        ("FL", "INF", "Infinity"),
        ("FD", "-Infinity", "-Infinity"),
        ("FD", "NaN", "NaN"),
        ("AT", "00280010", "00280010"),
        ("DS", "", None),
        ("CS", "", None),
        ("LT", " as it is\n", " as it is\n"),
    ],
)
def test_values_have_the_types_of_dicom_json(vr: str, text: str, value: object) -> None:
    assert read_xml(model(attribute("00280010", vr, values(text))))["00280010"]["Value"] == [value]


ITEM = '<Item number="1">'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not well-formed"),
        (b"<NativeDicomModel>", "not well-formed"),
        (b'{"00100020": {}}', "not well-formed"),
        (b"<Other/>", "Other, not a NativeDicomModel"),
        (model(attribute("00100020", "LO", values("x"))).decode().encode("utf-16"), "UTF-8"),
        (
            b'<?xml version="1.0" encoding="latin-1"?>' + model(attribute("00100020", "LO", values("\xe4"))[:-20]),
            "form",
        ),
        (model("<Value/>"), "a DicomAttribute is expected"),
        (model("<DicomAttribute vr='LO'/>"), "'' is not a tag"),
        (model(attribute("0010,0020", "LO")), "not a tag"),
        (model(attribute("00100020", "ZZ")), "00100020.*'ZZ'"),
        (model(attribute("00100020", "LO") * 2), "00100020 occurs twice"),
        (model(attribute("00100020", "LO", "<Text/>")), "00100020.*Text"),
        (model(attribute("00100020", "LO", values("x") + "<InlineBinary/>")), "InlineBinary and Value at once"),
        (model(attribute("00100020", "LO", "<PersonName/>")), "PersonName does not belong"),
        (model(attribute("00100010", "PN", values("A^B"))), "Value does not belong"),
        (model(attribute("00081140", "SQ", values("A"))), "Value does not belong"),
        (model(attribute("00100010", "PN", '<PersonName number="1"><Latin/></PersonName>')), "Latin"),
        (model(attribute("00100010", "PN", '<PersonName number="1"><Phonetic><A/></Phonetic></PersonName>')), "a A"),
        (model(attribute("00100020", "LO", '<Value number="2">x</Value>')), "'2' where 1 is expected"),
        (model(attribute("00100020", "LO", "<Value>x</Value>")), "None where 1 is expected"),
        (model(attribute("00100020", "LO", '<Value number="999999999999">x</Value>')), "where 1 is expected"),
        (model(attribute("00100020", "LO", '<Value number="1"><b>x</b></Value>')), "holds a b"),
        (model(attribute("00280010", "US", values("x"))), "00280010.*'x' is not a number"),
        (model(attribute("00280010", "US", values("1_0"))), "not a number"),
        (model(attribute("00280010", "DS", values("NaN"))), "not a number"),
        (model(attribute("00280010", "IS", values("9" * 5000))), "not a number"),
        (model(attribute("7FE00010", "OW", "<BulkData/>")), "no uri"),
        (model(attribute("7FE00010", "OW", '<BulkData uri="a"/>' * 2)), "more than one BulkData"),
        (model("".join(attribute("00090001", "LO", "", f'privateCreator="{n}"') for n in range(241))), "more private"),
    ],
)
def test_what_is_not_the_model_is_refused_with_its_reason(data: bytes, message: str) -> None:
    with pytest.raises(MalformedDataSet, match=message):
        read_xml(data)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = {
    "billion laughs": f'<!DOCTYPE l [<!ENTITY l0 "ha">{LAUGHS}]><NativeDicomModel>&l9;</NativeDicomModel>',
    "external entity": '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><NativeDicomModel>&x;</NativeDicomModel>',
    "external subset": '<!DOCTYPE l SYSTEM "http://localhost/x.dtd"><NativeDicomModel/>',
    "parameter entity": '<!DOCTYPE l [<!ENTITY % p SYSTEM "file:///dev/zero">%p;]><NativeDicomModel/>',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_document_type_declaration_is_read(attack: str, encoding: str) -> None:
    with pytest.raises(MalformedDataSet, match=r"document type|UTF-8"):
        read_xml(ATTACKS[attack].encode(encoding))


def test_an_entity_that_is_not_declared_is_not_well_formed() -> None:
    with pytest.raises(MalformedDataSet, match="undefined entity"):
        read_xml(model("&x;"))


def nested(depth: int) -> bytes:
    return model(f'<DicomAttribute tag="00081140" vr="SQ">{ITEM}' * depth + "</Item></DicomAttribute>" * depth)


def test_sequences_are_not_followed_deeper_than_they_are_read() -> None:
    read_xml(nested(4), ParseLimits(max_depth=4))
    with pytest.raises(LimitExceeded):
        read_xml(nested(5), ParseLimits(max_depth=4))
    with pytest.raises(LimitExceeded):
        read_xml(nested(20_000))


def test_nothing_but_sequences_can_be_nested() -> None:
    with pytest.raises(MalformedDataSet):
        read_xml(model("<a>" * 100_000 + "</a>" * 100_000))


def test_the_number_of_tags_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="tags"):
        read_xml(b"<a>" * (MAX_MARKUP + 1))


def test_what_is_read_can_be_parsed_by_others() -> None:
    document = {"00100020": {"vr": "LO", "Value": ["x"]}}
    assert read_xml(ET.tostring(ET.fromstring(write_xml(document)))) == document  # type: ignore[arg-type]
