"""Instances of every kind that is shown in a way of its own, as small as they can be."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.4.1"
PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
RAW_DATA = "1.2.840.10008.5.1.4.1.1.66"

H264 = "1.2.840.10008.1.2.4.102"
MPEG2 = "1.2.840.10008.1.2.4.100"


def new_study() -> dict[str, Any]:
    """The UID of a study for several instances."""
    return {"StudyInstanceUID": generate_uid()}


def new_series() -> dict[str, Any]:
    """The UIDs of a study and a series of it for several instances."""
    return new_study() | {"SeriesInstanceUID": generate_uid()}


def instance(sop_class_uid: str, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> Dataset:
    """A data set in a study and series of its own unless ``attributes`` say otherwise."""
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = UID(syntax)
    data_set.SOPClassUID = data_set.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    defaults: dict[str, object] = {
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "SOPInstanceUID": generate_uid(),
        "PatientName": "Doe^Jane",
        "PatientID": "4711",
        "Modality": "OT",
    }
    for keyword, value in (defaults | attributes).items():
        setattr(data_set, keyword, value)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    return data_set


def image(values: NDArray[np.unsignedinteger], frames: int = 1, **attributes: Any) -> Dataset:
    """A monochrome image, its frames one above the other in ``values``, shown as it is by the window it brings."""
    bits = values.dtype.itemsize * 8
    window = {"WindowCenter": 1 << bits - 1, "WindowWidth": 1 << bits}
    data_set = instance(SECONDARY_CAPTURE, **(window | attributes))
    data_set.Rows, data_set.Columns = values.shape[0] // frames, values.shape[1]
    if frames > 1:
        data_set.NumberOfFrames = frames
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = bits
    data_set.HighBit, data_set.PixelRepresentation = bits - 1, 0
    data_set.PixelData = values.tobytes()
    data_set["PixelData"].VR = "OB" if bits == 8 else "OW"
    return data_set


def flat(level: int, size: int = 8, **attributes: Any) -> Dataset:
    """An image of one gray level."""
    return image(np.full((size, size), level, np.uint8), **attributes)


def report(text: str = "No finding", **attributes: Any) -> Dataset:
    """A structured report of one sentence."""
    content = Dataset()
    content.RelationshipType, content.ValueType, content.TextValue = "CONTAINS", "TEXT", text
    content.ConceptNameCodeSequence = Sequence([_code("121071", "Finding")])
    data_set = instance(COMPREHENSIVE_SR, Modality="SR", SpecificCharacterSet="ISO_IR 192", **attributes)
    data_set.ValueType, data_set.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data_set.ConceptNameCodeSequence = Sequence([_code("126000", "Imaging Report")])
    data_set.ContentSequence = Sequence([content])
    return data_set


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def document(data: bytes, media_type: str = "application/pdf", **attributes: Any) -> Dataset:
    """An encapsulated document."""
    data_set = instance(ENCAPSULATED_PDF, Modality="DOC", MIMETypeOfEncapsulatedDocument=media_type, **attributes)
    data_set.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    data_set.EncapsulatedDocumentLength = len(data)
    return data_set


def video(stream: bytes, syntax: str = H264, **attributes: Any) -> Dataset:
    """A video of a few frames whose pixel data is one stream."""
    data_set = instance(VIDEO, syntax, Modality="XC", **attributes)
    data_set.Rows, data_set.Columns, data_set.NumberOfFrames = 32, 32, 5
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation, data_set.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    data_set.BitsAllocated = data_set.BitsStored = 8
    data_set.HighBit, data_set.PixelRepresentation = 7, 0
    data_set.PixelData = encapsulate([stream], has_bot=False)
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    return data_set


def presentation_state(*images: Dataset, center: float, width: float, **attributes: Any) -> Dataset:
    """A presentation state with a window for images of one series."""
    window = Dataset()
    window.WindowCenter, window.WindowWidth = center, width
    series = Dataset()
    series.SeriesInstanceUID = images[0].SeriesInstanceUID
    series.ReferencedImageSequence = Sequence([_reference(each) for each in images])
    of_images = {"StudyInstanceUID": images[0].StudyInstanceUID}
    data_set = instance(PRESENTATION_STATE, Modality="PR", **(of_images | attributes))
    data_set.ReferencedSeriesSequence = Sequence([series])
    data_set.SoftcopyVOILUTSequence = Sequence([window])
    data_set.PresentationLUTShape = "IDENTITY"
    return data_set


def _reference(data_set: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = data_set.SOPClassUID, data_set.SOPInstanceUID
    return reference


def study_path(data_set: Dataset) -> str:
    """The resource of the study."""
    return f"/studies/{data_set.StudyInstanceUID}"


def series_path(data_set: Dataset) -> str:
    """The resource of the series."""
    return f"{study_path(data_set)}/series/{data_set.SeriesInstanceUID}"


def path(data_set: Dataset) -> str:
    """The resource of the instance."""
    return f"{series_path(data_set)}/instances/{data_set.SOPInstanceUID}"
