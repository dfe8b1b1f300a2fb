"""The attributes that the modules common to composite IODs require (PS3.3 A.1.2, C.7, C.12.1).

Only what holds for all of them. Modules that specialize these ask for more, such as a SeriesNumber of type 1 in the SR
Document Series Module, but for nothing less. What is conditional on facts that the data set does not tell, such as
Laterality, is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pydicom.datadict import tag_for_keyword
from pydicom.uid import (
    ColorPaletteStorage,
    CTDefinedProcedureProtocolStorage,
    GenericImplantTemplateStorage,
    HangingProtocolStorage,
    ImplantAssemblyTemplateStorage,
    ImplantTemplateGroupStorage,
    InventoryStorage,
    ProtocolApprovalStorage,
    XADefinedProcedureProtocolStorage,
)

from app.dicom.violation import Violation


@dataclass(frozen=True, slots=True)
class Module:
    """A module's required attributes by keyword: ``type_1`` must have a value, ``type_2`` may be empty (PS3.5 7.4)."""

    name: str
    clause: str
    type_1: tuple[str, ...] = ()
    type_2: tuple[str, ...] = ()

    def violations(self, document: Mapping[str, object]) -> Iterator[Violation]:
        """The attributes that the data set lacks."""
        for keyword in self.type_1 + self.type_2:
            key = _key(keyword)
            if key not in document:
                yield Violation((key,), f"is absent, but the {self.name} Module requires it (PS3.3 {self.clause})")
            elif keyword in self.type_1 and _is_empty(document[key]):
                reason = f"is empty, but the {self.name} Module requires a value (PS3.3 {self.clause})"
                yield Violation((key,), reason)


_SOP_COMMON = Module("SOP Common", "C.12.1", type_1=("SOPClassUID", "SOPInstanceUID"))

_PATIENT_STUDY_AND_SERIES = (
    Module("Patient", "C.7.1.1", type_2=("PatientName", "PatientID", "PatientBirthDate", "PatientSex")),
    Module(
        "General Study",
        "C.7.2.1",
        type_1=("StudyInstanceUID",),
        type_2=("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
    ),
    # The IODs that have RT Series, SR Document Series, Key Object Document Series or Encapsulated Document Series in
    # this module's place require no less there.
    Module("General Series", "C.7.3.1", type_1=("Modality", "SeriesInstanceUID"), type_2=("SeriesNumber",)),
)

_GENERAL_IMAGE = Module("General Image", "C.7.6.1", type_2=("InstanceNumber",))
"""The multi-frame IODs without this module require InstanceNumber in their own, as type 1 (PS3.3 C.7.6.16)."""

_PIXEL_ATTRIBUTES = ("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated")
_STORED_BITS = ("BitsStored", "HighBit", "PixelRepresentation")

_PIXEL_MODULES = {
    "PixelData": Module("Image Pixel", "C.7.6.3", type_1=_PIXEL_ATTRIBUTES + _STORED_BITS),
    # A float fills its word and is always signed.
    "FloatPixelData": Module("Floating Point Image Pixel", "C.7.6.24", type_1=_PIXEL_ATTRIBUTES),
    "DoubleFloatPixelData": Module("Double Floating Point Image Pixel", "C.7.6.25", type_1=_PIXEL_ATTRIBUTES),
}
"""By the element that makes an instance an image."""

_COLOR_PIXELS = Module("Image Pixel", "C.7.6.3", type_1=("PlanarConfiguration",))
"""Required where SamplesPerPixel is greater than 1."""

_ENUMERATED_VALUES: dict[str, tuple[tuple[object, ...], str]] = {
    "PatientSex": (("M", "F", "O"), "C.7.1.1"),
    "PixelRepresentation": ((0, 1), "C.7.6.3"),
    "PlanarConfiguration": ((0, 1), "C.7.6.3"),
}

_WITHOUT_PATIENT = frozenset(
    {
        ColorPaletteStorage,
        HangingProtocolStorage,
        GenericImplantTemplateStorage,
        ImplantAssemblyTemplateStorage,
        ImplantTemplateGroupStorage,
        CTDefinedProcedureProtocolStorage,
        XADefinedProcedureProtocolStorage,
        ProtocolApprovalStorage,
        InventoryStorage,
    }
)
"""What is about no patient: tools, templates, protocols and lists. Their IODs have no patient, study or series."""

_DICOM_ROOT = "1.2.840.10008."
_OTHER_STANDARDS = ("1.2.840.10008.5.1.4.1.1.501.", "1.2.840.10008.5.1.4.1.1.601.")
"""DICOS and DICONDE: luggage and material are examined, and PS3.3 has none of their IODs."""


def module_violations(document: Mapping[str, object]) -> Iterator[Violation]:
    """What the common modules require and a data set in DICOM JSON does not have; once each.

    An instance of a private SOP class need have nothing but SOP Common: its IOD is its vendor's.
    """
    for module in _modules_of(document):
        yield from module.violations(document)
    for keyword, (allowed, clause) in _ENUMERATED_VALUES.items():
        key = _key(keyword)
        if any(value not in allowed for value in _values(document.get(key))):
            terms = ", ".join(map(str, allowed))
            yield Violation((key,), f"has a value other than {terms} (PS3.3 {clause})")


def _modules_of(document: Mapping[str, object]) -> Iterator[Module]:
    yield _SOP_COMMON
    if not _has_patient(_first(document, "SOPClassUID")):
        return
    yield from _PATIENT_STUDY_AND_SERIES
    pixel_modules = [module for keyword, module in _PIXEL_MODULES.items() if _key(keyword) in document]
    if pixel_modules:
        yield _GENERAL_IMAGE
        # An image has one of the three elements.
        yield pixel_modules[0]
        samples = _first(document, "SamplesPerPixel")
        if isinstance(samples, int) and samples > 1:
            yield _COLOR_PIXELS


def _has_patient(sop_class_uid: object) -> bool:
    """Whether PS3.3 gives instances of the SOP class a patient; so where it is absent, which is a fault of its own."""
    if not isinstance(sop_class_uid, str):
        return True
    if sop_class_uid in _WITHOUT_PATIENT or sop_class_uid.startswith(_OTHER_STANDARDS):
        return False
    return sop_class_uid.startswith(_DICOM_ROOT)


def _first(document: Mapping[str, object], keyword: str) -> object:
    return next(_values(document.get(_key(keyword))), None)


def _is_empty(attribute: object) -> bool:
    """Whether there is no value: an attribute of delimiters alone has none (PS3.5 7.4.1)."""
    return next(_values(attribute), None) is None


def _values(attribute: object) -> Iterator[object]:
    """The values of an attribute that are not empty, texts without their padding."""
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    for value in values if isinstance(values, list) else ():
        if value is not None:
            yield value.strip() if isinstance(value, str) else value


@cache
def _key(keyword: str) -> str:
    """The name in DICOM JSON of an attribute of the tables above."""
    return f"{tag_for_keyword(keyword):08X}"
