"""The names of stored things: which study, series or instance, and which bytes of it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A level of the DICOM information model that has a resource of its own (PS3.18 10.1.1)."""

    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """A study, a series of it, or an instance of that series, by its UIDs.

    The empty key (no UID at all) stands for the whole archive, as in a search of ``/instances``.
    """

    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None

    @property
    def path(self) -> str:
        """The resource path below the DICOMweb root, such as ``/studies/1.2/series/1.2.3`` (PS3.18 10.1.1)."""
        path = "" if self.study_instance_uid is None else f"/studies/{self.study_instance_uid}"
        if self.series_instance_uid is not None:
            path += f"/series/{self.series_instance_uid}"
        if self.sop_instance_uid is not None:
            path += f"/instances/{self.sop_instance_uid}"
        return path


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Bytes of a stored file: offsets from its start, ``stop`` exclusive as in Python slices and object stores."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start
