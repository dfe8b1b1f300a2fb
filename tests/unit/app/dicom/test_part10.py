"""What parsing a file gives, and why a file is refused."""

import zlib
from io import BytesIO
from struct import pack

import orjson
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.datadict import tag_for_keyword

from app.dicom.errors import (
    InvalidUID,
    MalformedDataSet,
    MissingIdentity,
    NotAnInstance,
    NotDicom,
    UnknownTransferSyntax,
    UnusableInstance,
)
from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import BytesSource, ParsedInstance, parse
from storage.attributes import INDEXED_ATTRIBUTES
from storage.resource import ResourceKey
from tests.sample_data import bundled_files, collection_files
from tests.unit.app.dicom.encoding import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    element,
    file,
    identity,
    image,
    implicit,
    item,
    meta,
    padded,
)

KEY = ResourceKey("1.2.5", "1.2.6", "1.2.4")
PRIVATE_SYNTAX = "1.2.840.113619.5.2"


def parsed(data: bytes) -> ParsedInstance:
    return parse(BytesSource(data))


def refusal(data: bytes) -> UnusableInstance:
    with pytest.raises(UnusableInstance) as caught:
        parsed(data)
    return caught.value


def keywords(attributes: bytes) -> set[str]:
    return {pydicom.datadict.keyword_for_tag(key) for key in orjson.loads(attributes)}


def test_identity_is_that_of_the_data_set() -> None:
    instance = parsed(file())
    assert instance.key == KEY
    assert instance.sop_class_uid == "1.2.840.10008.5.1.4.1.1.7"
    assert instance.transfer_syntax_uid == EXPLICIT


@pytest.mark.usefixtures("quiet_pydicom")
def test_every_sample_has_the_identity_and_syntax_that_pydicom_reads() -> None:
    seen = 0
    for path in bundled_files() + collection_files():
        data = path.read_bytes()
        try:
            instance = parsed(data)
        except UnusableInstance:
            continue
        if path.suffix == "" or "too_short" in path.name:
            continue
        data_set = pydicom.dcmread(BytesIO(data), stop_before_pixels=True, force=True)
        assert instance.key.study_instance_uid == data_set.StudyInstanceUID
        assert instance.key.series_instance_uid == data_set.SeriesInstanceUID
        assert instance.key.sop_instance_uid == data_set.SOPInstanceUID
        assert instance.transfer_syntax_uid == data_set.file_meta.get("TransferSyntaxUID", instance.transfer_syntax_uid)
        seen += 1
    assert seen > 50


class TestFilesThatAreRead:
    def test_without_preamble_and_meta_in_explicit_vr(self) -> None:
        assert parsed(identity()).transfer_syntax_uid == EXPLICIT

    def test_without_preamble_and_meta_in_implicit_vr(self) -> None:
        elements = [(0x00080016, "1.2.3"), (0x00080018, "1.2.4"), (0x0020000D, "1.2.5"), (0x0020000E, "1.2.6")]
        data = b"".join(implicit(tag, padded(uid)) for tag, uid in elements)
        assert parsed(data).transfer_syntax_uid == IMPLICIT
        assert parsed(data).key == KEY

    def test_without_preamble_but_with_meta(self) -> None:
        assert parsed(file()[132:]).key == KEY

    def test_without_a_transfer_syntax_in_big_endian(self) -> None:
        tags = (0x00080016, 0x00080018, 0x0020000D, 0x0020000E)
        uids = b"".join(element(tag, "UI", b"1.23", big_endian=True) for tag in tags)
        assert parsed(bytes(128) + b"DICM" + uids).transfer_syntax_uid == BIG_ENDIAN

    def test_with_implicit_elements_under_an_explicit_syntax(self) -> None:
        elements = [(0x00080016, "1.2.3"), (0x00080018, "1.2.4"), (0x0020000D, "1.2.5"), (0x0020000E, "1.2.6")]
        assert parsed(meta() + b"".join(implicit(tag, padded(uid)) for tag, uid in elements)).key == KEY

    @pytest.mark.parametrize("length", [0, 4, 10**6, UNDEFINED - 1])
    def test_with_a_group_length_that_lies(self, length: int) -> None:
        group_length = element(0x00020000, "UL", pack("<L", length))
        data = file()
        assert parsed(data[:132] + group_length + data[132:]).key == KEY

    def test_with_command_elements_before_the_data_set(self) -> None:
        command = implicit(0x00000002, padded("1.2.3")) + implicit(0x00000100, b"\1\0")
        assert parsed(meta() + command + identity()).key == KEY

    @pytest.mark.parametrize("garbage", [b"\0", bytes(7), bytes(1000), b"\r\n", b"\x1a" * 7])
    def test_with_bytes_behind_the_data_set(self, garbage: bytes) -> None:
        assert parsed(file() + garbage).key == KEY

    def test_with_a_last_value_that_is_cut_off(self) -> None:
        instance = parsed(file(element(0x00204000, "LT", b"abcdef", length=600)))
        assert orjson.loads(instance.metadata)["00204000"] == {"vr": "LT", "Value": ["abcdef"]}
        assert instance.is_cut_off
        assert not parsed(file(element(0x00204000, "LT", b"abcdef"))).is_cut_off

    def test_with_a_broken_sequence_of_defined_length(self) -> None:
        broken = element(0x00401031, "SQ", item(element(0x00080100, "SH", b"T-1 ")) + b"\xfe\xff\x00")
        metadata = orjson.loads(parsed(file(broken, element(0x00404000, "LT", b"on"))).metadata)
        assert metadata["00401031"]["Value"][0]["00080100"]["Value"] == ["T-1"]
        assert metadata["00404000"]["Value"] == ["on"]

    def test_of_a_private_transfer_syntax(self) -> None:
        instance = parsed(file(transfer_syntax_uid=PRIVATE_SYNTAX))
        assert instance.transfer_syntax_uid == PRIVATE_SYNTAX

    def test_deflated(self) -> None:
        pixels = bytes(range(32))
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        inflated = identity() + image(frames=2) + element(0x7FE00010, "OB", pixels)
        data = meta(DEFLATED) + compressor.compress(inflated) + compressor.flush()
        instance = parsed(data)
        index = FrameIndex.from_bytes(instance.frame_index)
        assert instance.key == KEY
        assert index.deflated_from == len(meta(DEFLATED))
        assert [inflated[part.start : part.stop] for part in index.ranges(1)] == [pixels[16:]]


class TestFilesThatAreRefused:
    @pytest.mark.parametrize(
        "data",
        [b"", b"\x08", b"%PDF-1.7 " * 30, b"\xff\xd8\xff\xe0" * 50, b"PK\3\4" * 50, b"<html>" * 40, bytes(1000)],
    )
    def test_of_another_kind(self, data: bytes) -> None:
        assert isinstance(refusal(data), NotDicom | MissingIdentity)

    def test_a_preamble_alone(self) -> None:
        assert isinstance(refusal(bytes(128) + b"DICM"), MissingIdentity)

    @pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
    def test_without_one_of_its_uids(self, keyword: str) -> None:
        tag = tag_for_keyword(keyword)
        uids = {0x00080016: "1.2.3", 0x00080018: "1.2.4", 0x0020000D: "1.2.5", 0x0020000E: "1.2.6"}
        for elements in (
            [element(key, "UI", padded(uid)) for key, uid in uids.items() if key != tag],
            [element(key, "UI", padded("" if key == tag else uid)) for key, uid in uids.items()],
        ):
            error = refusal(meta() + b"".join(elements))
            assert isinstance(error, MissingIdentity)
            assert error.failure_reason == 0xA900
            assert keyword in str(error)

    @pytest.mark.parametrize("uid", ["1.2.x", "../../etc/passwd", "1..2", "9" * 66, "1.2/3.4"])
    def test_with_a_uid_that_is_none(self, uid: str) -> None:
        for uids in (identity(sop=uid), identity(study=uid), identity(series=uid)):
            error = refusal(meta() + uids)
            assert isinstance(error, InvalidUID)
            assert error.failure_reason == 0x0117
            assert error.sop_class_uid == "1.2.840.10008.5.1.4.1.1.7"

    def test_a_dicomdir(self) -> None:
        path = get_testdata_file("DICOMDIR")
        assert isinstance(path, str)
        with open(path, "rb") as dicomdir:  # noqa: PTH123 - a path that pydicom gives
            error = refusal(dicomdir.read())
        assert isinstance(error, NotAnInstance)
        assert error.failure_reason == 0x0122
        assert "DICOMDIR" in str(error)

    def test_a_directory_without_meta(self) -> None:
        records = element(0x00041220, "SQ", b"")
        assert isinstance(refusal(meta() + records + identity()), NotAnInstance)

    def test_a_sequence_without_end(self) -> None:
        error = refusal(file(element(0x00401031, "SQ", item(b"abc"), length=UNDEFINED)))
        assert isinstance(error, MalformedDataSet)
        assert error.failure_reason == 0xC000
        assert error.sop_instance_uid == "1.2.4"

    def test_a_fragment_that_is_cut_off(self) -> None:
        pixel_data = element(0x7FE00010, "OB", item(b"") + item(b"abc", length=1000), length=UNDEFINED)
        assert isinstance(refusal(file(pixel_data, transfer_syntax_uid="1.2.840.10008.1.2.4.50")), MalformedDataSet)

    def test_an_element_that_is_cut_off_before_its_length(self) -> None:
        assert isinstance(refusal(file(element(0x7FE00010, "OW", b"")[:10])), MalformedDataSet)

    def test_an_unknown_transfer_syntax_that_cannot_be_read(self) -> None:
        error = refusal(meta(PRIVATE_SYNTAX) + bytes(range(256)))
        assert isinstance(error, UnknownTransferSyntax)
        assert error.failure_reason == 0xC122
        assert PRIVATE_SYNTAX in str(error)

    def test_a_transfer_syntax_that_is_no_uid(self) -> None:
        assert isinstance(refusal(file(transfer_syntax_uid="explicit")), UnknownTransferSyntax)


class TestIndexValues:
    def value(self, *elements: bytes) -> dict[str, tuple[str, ...]]:
        values = parsed(file(*elements)).index_values
        return {keyword: value for keyword, value in values.items() if not keyword.endswith("UID")}

    def test_uids_are_indexed(self) -> None:
        assert parsed(file()).index_values == {
            "StudyInstanceUID": ("1.2.5",),
            "SeriesInstanceUID": ("1.2.6",),
            "SOPInstanceUID": ("1.2.4",),
            "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.7",),
        }

    def test_a_text_is_stripped_and_the_first_of_several_counts(self) -> None:
        assert self.value(element(0x00100020, "LO", b" 4711 \\12 ")) == {"PatientID": ("4711",)}

    @pytest.mark.parametrize("value", [b"", b"   ", b"\0\0"])
    def test_an_empty_attribute_is_absent(self, value: bytes) -> None:
        assert self.value(element(0x00100020, "LO", value), element(0x00100010, "PN", value)) == {}

    def test_a_name_has_three_folded_groups(self) -> None:
        utf8 = element(0x00080005, "CS", b"ISO_IR 192")
        name = element(0x00100010, "PN", "YAMADA^Tärou^^=山田^太郎=やまだ^たろう".encode())
        assert self.value(utf8, name) == {"PatientName": ("yamada^tarou", "山田^太郎", "やまだ^たろう")}

    def test_only_an_ideographic_name_is_found_in_its_group(self) -> None:
        name = element(0x00100010, "PN", "=山田".encode())
        assert self.value(element(0x00080005, "CS", b"ISO_IR 192"), name) == {"PatientName": ("", "山田", "")}

    @pytest.mark.parametrize(
        ("tag", "vr", "value", "keyword", "expected"),
        [
            (0x00080020, "DA", b"20200229", "StudyDate", "20200229"),
            (0x00080020, "DA", b"2020.02.29", "StudyDate", "20200229"),
            (0x00080030, "TM", b"10:30:59.5", "StudyTime", "103059.5"),
            (0x00080030, "TM", b"103059.500 ", "StudyTime", "103059.500"),
            (0x00080030, "TM", b"10:30", "StudyTime", "1030"),
            (0x00200011, "IS", b"+05 ", "SeriesNumber", "5"),
            (0x00200011, "IS", b"-0012 ", "SeriesNumber", "-12"),
            (0x00200013, "IS", b" 7", "InstanceNumber", "7"),
        ],
    )
    def test_values_are_written_so_that_they_compare(
        self, tag: int, vr: str, value: bytes, keyword: str, expected: str
    ) -> None:
        assert self.value(element(tag, vr, value)) == {keyword: (expected,)}

    def test_a_list_has_the_values_of_all_items(self) -> None:
        items = [
            item(element(0x00400009, "SH", step) + element(0x00401001, "SH", b"R1")) for step in (b"S1", b"S2", b"  ")
        ]
        assert self.value(element(0x00400275, "SQ", b"".join(items))) == {
            "RequestAttributesSequence.ScheduledProcedureStepID": ("S1", "S2"),
            "RequestAttributesSequence.RequestedProcedureID": ("R1", "R1", "R1"),
        }

    def test_what_a_database_cannot_index_is_cut(self) -> None:
        assert self.value(element(0x00100020, "LO", b"a\0b" + b"c" * 5000)) == {"PatientID": ("ab" + "c" * 253,)}
        items = b"".join(item(element(0x00400009, "SH", f"{number:<4}".encode())) for number in range(200))
        values = self.value(element(0x00400275, "SQ", items))
        assert len(values["RequestAttributesSequence.ScheduledProcedureStepID"]) == 64

    def test_only_indexed_attributes_are_named(self) -> None:
        for path in bundled_files():
            try:
                values = parsed(path.read_bytes()).index_values
            except UnusableInstance:
                continue
            assert set(values) <= set(INDEXED_ATTRIBUTES)
            assert all(any(value) for value in values.values())


class TestLevels:
    ELEMENTS = (
        element(0x00080005, "CS", b"ISO_IR 100"),
        element(0x00080020, "DA", b"20200101"),
        element(0x00080060, "CS", b"CT"),
        element(0x00080070, "LO", b"Maker "),
        element(0x00080201, "SH", b"+0100 "),
        element(0x0008103E, "LO", b"Series"),
        element(0x00100010, "PN", b"A^B "),
        element(0x00120040, "LO", b"Subject "),
        element(0x00101010, "AS", b"045Y"),
        element(0x00180050, "DS", b"1.5 "),
        element(0x00200013, "IS", b"1 "),
        element(0x00200052, "UI", b"1.9\0"),
        element(0x00280010, "US", b"\4\0"),
        element(0x00331001, "LO", b"private "),
    )

    def test_each_level_has_its_attributes(self) -> None:
        instance = parsed(file(*self.ELEMENTS))
        every = {"SpecificCharacterSet", "TimezoneOffsetFromUTC"}
        assert keywords(instance.study_attributes) == every | {
            "StudyInstanceUID",
            "StudyDate",
            "PatientName",
            "PatientAge",
            "ClinicalTrialSubjectID",
        }
        assert keywords(instance.series_attributes) == every | {
            "SeriesInstanceUID",
            "Modality",
            "Manufacturer",
            "SeriesDescription",
            "FrameOfReferenceUID",
        }
        assert keywords(instance.instance_attributes) == every | {
            "SOPClassUID",
            "SOPInstanceUID",
            "AvailableTransferSyntaxUID",
            "InstanceNumber",
            "Rows",
        }

    def test_the_levels_are_parts_of_the_metadata_in_ascending_order(self) -> None:
        instance = parsed(file(*self.ELEMENTS))
        metadata = orjson.loads(instance.metadata)
        for part in (instance.study_attributes, instance.series_attributes, instance.instance_attributes):
            attributes = orjson.loads(part)
            assert list(attributes) == sorted(attributes)
            assert attributes.items() <= metadata.items()

    def test_no_level_names_what_is_below_it(self) -> None:
        for path in bundled_files():
            try:
                instance = parsed(path.read_bytes())
            except UnusableInstance:
                continue
            assert not {"0020000E", "00080018"} & set(orjson.loads(instance.study_attributes))
            assert not {"0020000D", "00080018"} & set(orjson.loads(instance.series_attributes))


def test_every_keyword_of_the_levels_is_in_the_dictionary() -> None:
    from app.dicom import levels

    modules = [
        text
        for name, text in vars(levels).items()
        if name.startswith("_") and isinstance(text, str) and name[1:2].isupper()
    ]
    assert len(modules) == 11
    for keyword in " ".join(modules).split():
        assert tag_for_keyword(keyword) is not None, keyword
