"""Instances of a few elements, without pixels."""

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

_UIDS = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"


def small_instance(**attributes: object) -> Dataset:
    """An instance in a study of its own, or in one that ``attributes`` name."""
    data_set = Dataset()
    uids = {keyword: generate_uid() for keyword in _UIDS}
    for keyword, value in ({"SOPClassUID": CTImageStorage, "Modality": "CT"} | uids | attributes).items():
        setattr(data_set, keyword, value)
    data_set.preamble = bytes(128)
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    return data_set
