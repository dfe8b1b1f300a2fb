"""Whole instances: the sample files, and documents made for one rule each."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ColorPaletteStorage, CTImageStorage

from app.dicom import part10
from app.dicom.errors import UnusableInstance
from app.dicom.part10 import BytesSource, parse
from app.dicom.validation import MAX_VIOLATIONS, Violation, validate
from storage.resource import ResourceKey
from tests.sample_data import bundled_files, collection_files

UID_RULE = "has a value that is not a UID of at most 64 digits and dots without leading zeros (VR UI, PS3.5 6.2)"

REQUIRED_OF_ALL = {
    0x00080016,
    0x00080018,
    0x00080020,
    0x00080030,
    0x00080050,
    0x00080060,
    0x00080090,
    0x00100010,
    0x00100020,
    0x00100030,
    0x00100040,
    0x0020000D,
    0x0020000E,
    0x00200010,
    0x00200011,
}
"""Of every instance of a patient (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.12.1)."""

SOP_COMMON = {0x00080016, 0x00080018}
"""Of every instance at all."""

READ_BY_US_ONLY = {"dicom-test-files__emri_small_jpeg_2k_lossless_too_short.dcm"}
"""See test_json_against_pydicom."""


@pytest.fixture
def any_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part10, "_identity", lambda attributes: ResourceKey("1.2", "1.3", "1.4"))


def _validate_file(path: Path) -> list[Violation]:
    return validate(orjson.loads(parse(BytesSource(path.read_bytes())).metadata))


def _bundled(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


# Looked up in pydicom's listing of the files: the required attributes are there, and with a value where that is
# required. Of CT_small the whole listing was read: no value is too long, no date or UID ill-formed.
@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",  # CT_small and MR_small: type 2 attributes that are empty, a name, a private block
        "rtplan.dcm",  # not an image; sequences three deep
        "test-SR.dcm",  # empty in all that may be empty
        "waveform_ecg.dcm",  # an empty SeriesNumber
        "SC_rgb_rle.dcm",  # color, with a PlanarConfiguration
    ],
)
def test_a_well_formed_file_breaks_no_rule(name: str) -> None:
    assert _validate_file(_bundled(name)) == []


def test_the_faults_of_an_acr_nema_file_are_found() -> None:
    # Its StudyDate is 1997.04.24, its StudyTime 14:04:38, as before DICOM, and six required attributes are not there.
    absent = "is absent, but the {} Module requires it (PS3.3 {})"
    patient, study = absent.format("Patient", "C.7.1.1"), absent.format("General Study", "C.7.2.1")
    assert [str(violation) for violation in _validate_file(_bundled("ExplVR_BigEnd.dcm"))] == [
        "StudyDate (0008,0020) has a value that is not a date YYYYMMDD of the calendar (VR DA, PS3.5 6.2).",
        "StudyTime (0008,0030) has a value that is not a time HHMMSS.FFFFFF or the beginning of it (VR TM, PS3.5 6.2).",
        f"AccessionNumber (0008,0050) {study}.",
        f"ReferringPhysicianName (0008,0090) {study}.",
        f"PatientID (0010,0020) {patient}.",
        f"PatientBirthDate (0010,0030) {patient}.",
        f"PatientSex (0010,0040) {patient}.",
        f"StudyID (0020,0010) {study}.",
    ]


def test_a_fault_inside_a_sequence_is_named_by_its_path() -> None:
    # The UID there is 1.2.123.456.78.9.0123.4567.89012345678901.
    assert [str(violation) for violation in _validate_file(_bundled("badVR.dcm"))] == [
        f"ReferencedRTPlanSequence.ReferencedSOPInstanceUID (0008,1155) {UID_RULE}."
    ]


@pytest.mark.usefixtures("any_identity")
def test_a_value_cut_off_with_the_file_has_the_wrong_multiplicity() -> None:
    violation = Violation(("300A00B0", "300A0111", "300A012C"), "has a VM of 2 instead of 3 (PS3.6)")
    assert violation in _validate_file(_bundled("rtplan_truncated.dcm"))


@pytest.mark.usefixtures("quiet_pydicom", "any_identity")
@pytest.mark.parametrize(
    "path", bundled_files() + collection_files(), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_any_file_can_be_judged_and_lacks_what_pydicom_does_not_find(path: Path) -> None:
    try:
        violations = _validate_file(path)
        data_set = dcmread(path, force=True, stop_before_pixels=True)
    except (UnusableInstance, InvalidDicomError):
        pytest.skip("not an instance that is stored")
    if path.name in READ_BY_US_ONLY:
        pytest.skip("read by us only")
    required = REQUIRED_OF_ALL if _has_patient(data_set) else SOP_COMMON
    absent = {int(violation.attribute[0], 16) for violation in violations if violation.reason.startswith("is absent")}
    assert absent & REQUIRED_OF_ALL == {tag for tag in required if tag not in data_set}
    assert violations == sorted(violations)


def _has_patient(data_set: Dataset) -> bool:
    """Private SOP classes are not the standard's to judge, and color palettes are about nobody."""
    sop_class = UID(data_set.get("SOPClassUID") or CTImageStorage)
    return not sop_class.is_private and sop_class != ColorPaletteStorage


INSTANCE = orjson.loads(parse(BytesSource(_bundled("CT_small.dcm").read_bytes())).metadata)


@pytest.mark.parametrize(
    ("key", "attribute", "reason"),
    [
        ("00080021", {"vr": "TM", "Value": ["10"]}, "is not of VR DA (PS3.6)"),
        ("00280106", {"vr": "UL", "Value": [1]}, "is not of VR SS or US (PS3.6)"),
        ("00280106", {"Value": [1]}, "is not of VR SS or US (PS3.6)"),
        ("00280030", {"vr": "DS", "Value": [1.0]}, "has a VM of 1 instead of 2 (PS3.6)"),
        ("00080008", {"vr": "CS", "Value": ["ORIGINAL"]}, "has a VM of 1 instead of 2-n (PS3.6)"),
        ("00201041", {"vr": "DS", "Value": ["x"]}, "has a value that is not a decimal number (VR DS, PS3.5 6.2)"),
        ("00280030", {"vr": "DS", "Value": [1.0, None]}, "has a value that is not a decimal number (VR DS, PS3.5 6.2)"),
        ("00081155", {"vr": "UI", "Value": ["1.02"]}, UID_RULE),
    ],
)
def test_one_fault_is_one_violation(key: str, attribute: object, reason: str) -> None:
    assert validate(INSTANCE | {key: attribute}) == [Violation((key,), reason)]


@pytest.mark.parametrize(
    ("key", "attribute"),
    [
        ("00280106", {"vr": "SS", "Value": [-1]}),
        ("00280106", {"vr": "US", "Value": [1]}),
        ("00082111", {"vr": "ST"}),
        ("00080008", {"vr": "CS", "Value": ["ORIGINAL", "PRIMARY", None, "X"]}),
        ("00081140", {"vr": "SQ", "Value": [{}, {}]}),
        ("00200060", {"vr": "UN", "InlineBinary": "AA=="}),
        ("00420011", {"vr": "OB", "BulkDataURI": "/studies/1/series/2/instances/3/bulkdata/00420011"}),
        ("00091001", {"vr": "DA", "Value": ["private"]}),
        ("00091002", {"vr": "SQ", "Value": [{"00080020": {"vr": "DA", "Value": ["private"]}}]}),
        ("00080003", {"vr": "DA", "Value": ["unknown"]}),
    ],
)
def test_what_the_standard_allows_or_does_not_know_is_no_violation(key: str, attribute: object) -> None:
    assert validate(INSTANCE | {key: attribute}) == []


def test_the_same_fault_in_many_items_is_said_once() -> None:
    item = {"00081155": {"vr": "UI", "Value": ["x"]}}
    nested = {"00081140": {"vr": "SQ", "Value": [item, item]}}
    document = INSTANCE | nested | {"00081115": {"vr": "SQ", "Value": [nested, nested]}}
    assert validate(document) == [
        Violation(("00081115", "00081140", "00081155"), UID_RULE),
        Violation(("00081140", "00081155"), UID_RULE),
    ]


def test_violations_are_reported_by_tag_up_to_a_number() -> None:
    texts = [f"0018{element:04X}" for element in range(0x9000, 0x9400)]
    violations = validate({key: {"vr": "??"} for key in reversed(texts)})
    assert len(violations) == MAX_VIOLATIONS
    assert violations == sorted(violations, key=lambda violation: violation.attribute)


def test_an_attribute_without_keyword_is_named_by_its_tag() -> None:
    assert str(Violation(("00180061",), "is empty")) == "(0018,0061) is empty."


@pytest.mark.parametrize("secret", ["Secret^Name", "S" * 100, "\x00S"])
def test_no_value_is_in_the_text(secret: str) -> None:
    document = {key: attribute | {"Value": [secret]} for key, attribute in INSTANCE.items() if "Value" in attribute}
    assert document
    assert not [violation for violation in validate(document) if secret in str(violation)]


TAGS = ["00080016", "00080018", "00100010", "00100040", "00280002", "7FE00010", "00081140", "00280030", "00091001"]
VRS = ["SQ", "PN", "DS", "IS", "UI", "DA", "US", "CS", "LO", "UN", "", "??"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*TAGS, "vr", "Value", "Alphabetic"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)
ATTRIBUTE = st.fixed_dictionaries(
    {}, optional={"vr": st.sampled_from(VRS) | JSON, "Value": st.lists(JSON, max_size=3) | JSON}
)
DOCUMENT = st.dictionaries(st.sampled_from(TAGS) | st.text(), ATTRIBUTE | JSON, max_size=6)


@given(DOCUMENT)
def test_any_json_document_can_be_judged(document: dict[str, object]) -> None:
    violations = validate(document)
    assert all(isinstance(violation, Violation) and str(violation).endswith(".") for violation in violations)


def test_a_document_far_deeper_than_any_instance_can_be_judged() -> None:
    document: dict[str, object] = {}
    for _ in range(900):
        document = {"00081140": {"vr": "SQ", "Value": [document]}}
    assert validate(document)
