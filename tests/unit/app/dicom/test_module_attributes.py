"""The attributes that PS3.3 requires of all composite IODs, from its module tables."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    CTImageStorage,
    EddyCurrentImageStorage,
    HangingProtocolStorage,
    InventoryStorage,
    ProtocolApprovalStorage,
)

from app.dicom.module_attributes import module_violations
from tests.sample_data import bundled_files

SOP_COMMON = {"SOPClassUID": 1, "SOPInstanceUID": 1}
"""PS3.3 Table C.12-1."""

PATIENT = {"PatientName": 2, "PatientID": 2, "PatientBirthDate": 2, "PatientSex": 2}
"""PS3.3 Table C.7-1."""

GENERAL_STUDY = {
    "StudyInstanceUID": 1,
    "StudyDate": 2,
    "StudyTime": 2,
    "ReferringPhysicianName": 2,
    "StudyID": 2,
    "AccessionNumber": 2,
}
"""PS3.3 Table C.7-3."""

GENERAL_SERIES = {"Modality": 1, "SeriesInstanceUID": 1, "SeriesNumber": 2}
"""PS3.3 Table C.7-5a."""

GENERAL_IMAGE = {"InstanceNumber": 2}
"""PS3.3 Table C.7-9."""

FLOAT_PIXELS = {"SamplesPerPixel": 1, "PhotometricInterpretation": 1, "Rows": 1, "Columns": 1, "BitsAllocated": 1}
"""PS3.3 Table C.7.6.24-1 and C.7.6.25-1."""

PIXELS = FLOAT_PIXELS | {"BitsStored": 1, "HighBit": 1, "PixelRepresentation": 1}
"""PS3.3 Table C.7-11a and C.7-11c."""

ANY = SOP_COMMON | PATIENT | GENERAL_STUDY | GENERAL_SERIES
IMAGE = ANY | GENERAL_IMAGE | PIXELS
FLOAT_IMAGE = ANY | GENERAL_IMAGE | FLOAT_PIXELS

VALUES = {
    "SOPClassUID": CTImageStorage,
    "PatientSex": "O",
    "SamplesPerPixel": 1,
    "PixelRepresentation": 1,
    "PlanarConfiguration": 0,
}
"""Where a test's ``1`` would not do."""


def _key(keyword: str) -> str:
    return f"{tag_for_keyword(keyword):08X}"


def _document(*keywords: str, **values: object) -> dict[str, object]:
    """Attributes with a value each."""
    given = {keyword: VALUES.get(keyword, 1) for keyword in keywords} | values
    return {_key(keyword): {"Value": [value]} for keyword, value in given.items()}


def _found(document: dict[str, object]) -> dict[str, str]:
    return {violation.attribute[-1]: violation.reason for violation in module_violations(document)}


@pytest.mark.parametrize(
    ("pixel_data", "required"),
    [(None, ANY), ("PixelData", IMAGE), ("FloatPixelData", FLOAT_IMAGE), ("DoubleFloatPixelData", FLOAT_IMAGE)],
)
def test_exactly_the_required_attributes_are_missed(pixel_data: str | None, required: dict[str, int]) -> None:
    pixels = (pixel_data,) if pixel_data else ()
    complete = _document(*required, *pixels)
    assert _found(complete) == {}
    for keyword in required:
        incomplete = {key: value for key, value in complete.items() if key != _key(keyword)}
        assert list(_found(incomplete)) == [_key(keyword)]
    assert set(_found(_document(*pixels))) == {_key(keyword) for keyword in required}


@pytest.mark.parametrize("keyword", sorted(IMAGE))
@pytest.mark.parametrize("empty", [{"vr": "LO"}, {"vr": "LO", "Value": []}, {"vr": "LO", "Value": [None, None]}])
def test_an_empty_attribute_will_do_for_type_2_and_not_for_type_1(keyword: str, empty: dict[str, object]) -> None:
    found = _found(_document(*IMAGE, "PixelData") | {_key(keyword): empty})
    assert list(found) == ([_key(keyword)] if IMAGE[keyword] == 1 else [])


@pytest.mark.parametrize(("samples", "is_missed"), [(1, False), (3, True), (4, True)])
def test_planar_configuration_is_required_of_color(samples: int, is_missed: bool) -> None:
    document = _document(*IMAGE, "PixelData", SamplesPerPixel=samples)
    assert list(_found(document)) == [_key("PlanarConfiguration")] * is_missed
    assert _found(document | _document("PlanarConfiguration")) == {}


@pytest.mark.parametrize(
    ("keyword", "value", "is_allowed"),
    [
        ("PatientSex", "M", True),
        ("PatientSex", "F ", True),
        ("PatientSex", "O", True),
        ("PatientSex", "U", False),
        ("PatientSex", "MF", False),
        ("PixelRepresentation", 0, True),
        ("PixelRepresentation", 1, True),
        ("PixelRepresentation", 2, False),
        ("PlanarConfiguration", 2, False),
    ],
)
def test_enumerated_values_are_all_there_may_be(keyword: str, value: object, is_allowed: bool) -> None:
    document = _document(*IMAGE, "PixelData") | _document(**{keyword: value})
    assert list(_found(document)) == ([] if is_allowed else [_key(keyword)])


@pytest.mark.parametrize(
    "sop_class", [HangingProtocolStorage, ProtocolApprovalStorage, InventoryStorage, EddyCurrentImageStorage, "1.3.6.1"]
)
def test_a_sop_class_without_patient_or_unknown_to_ps3_3_needs_sop_common_alone(sop_class: UID) -> None:
    assert _found(_document("SOPInstanceUID", SOPClassUID=sop_class)) == {}
    assert list(_found(_document(SOPClassUID=sop_class))) == [_key("SOPInstanceUID")]


@pytest.mark.parametrize("sop_class", [CTImageStorage, ComprehensiveSRStorage, "1.2.840.10008.5.1.4.1.1.999"])
def test_any_other_sop_class_of_dicom_has_a_patient(sop_class: UID) -> None:
    assert set(_found(_document("SOPInstanceUID", SOPClassUID=sop_class))) == {
        _key(keyword) for keyword in ANY if keyword not in SOP_COMMON
    }


@pytest.mark.parametrize("path", [path for path in bundled_files() if path.parent.name == "palettes"], ids=str)
def test_the_palettes_of_the_standard_lack_nothing(path: Path) -> None:
    data_set: Dataset = dcmread(path)
    assert "StudyInstanceUID" not in data_set
    assert _found(data_set.to_json_dict(bulk_data_threshold=10**6)) == {}
