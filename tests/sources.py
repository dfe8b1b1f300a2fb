"""Files by what they call themselves."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

IDENTITY = ("SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that names its study, series and instance."""

    path: Path
    study: str
    series: str
    instance: str
    sha256: str

    @property
    def url_path(self) -> str:
        """The resource path of the instance below the DICOMweb root."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.instance}"

    def data_set(self) -> Dataset:
        """The file as pydicom reads it."""
        return pydicom.dcmread(self.path, force=True)


def read_source(path: Path) -> Source | None:
    """What a file calls itself; None when one of its names is missing or no UID."""
    data_set = pydicom.dcmread(path, force=True, stop_before_pixels=True, specific_tags=list(IDENTITY))
    uids = [str(data_set.get(keyword) or "") for keyword in IDENTITY]
    if not all(_UID.fullmatch(uid) and len(uid) <= 64 for uid in uids):
        return None
    study, series, instance = uids[1:]
    return Source(path, study, series, instance, hashlib.sha256(path.read_bytes()).hexdigest())
