"""What the index keeps of an instance, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from storage.resource import ResourceKey


@dataclass(frozen=True, slots=True)
class InstanceForm:
    """A file of an instance in another transfer syntax, made when it was stored, and kept beside the stored one."""

    transfer_syntax_uid: str
    blob_key: str
    size: int
    sha256: bytes
    frame_index: bytes


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """Everything the index is told of one instance, made once, at ingest.

    ``index_values`` maps the keyword of an indexed attribute (``storage.attributes``) to its values as they are
    searched; an attribute that is absent or empty in the data set is absent here. The three ``…_attributes`` are DICOM
    JSON objects (PS3.18 F.2), one for each level: all attributes of the patient and study, all of the series, and
    those of the instance that a search returns unasked. ``metadata`` is the whole DICOM JSON object. In all of them a
    URL below the DICOMweb root is written with ``BASE_URL_MARK`` in the root's place.

    ``received_sha256`` is the digest of the file as it came, where it was not stored like that.
    """

    key: ResourceKey
    sop_class_uid: str
    transfer_syntax_uid: str
    blob_key: str
    size: int
    sha256: bytes
    index_values: Mapping[str, tuple[str, ...]]
    study_attributes: bytes
    series_attributes: bytes
    instance_attributes: bytes
    metadata: bytes
    frame_index: bytes
    bulk_index: bytes
    received_sha256: bytes | None = None
    form: InstanceForm | None = None

    @property
    def blob_keys(self) -> tuple[str, ...]:
        """The blob of the stored file, and that of its other form."""
        return (self.blob_key,) if self.form is None else (self.blob_key, self.form.blob_key)


class DuplicatePolicy(StrEnum):
    """What to do with an instance whose SOPInstanceUID is stored already, with other bytes."""

    REJECT = "reject"
    REPLACE = "replace"
    KEEP = "keep"


class Outcome(StrEnum):
    """What became of a record that was offered to the index."""

    ADDED = "added"
    IDENTICAL = "identical"
    """The instance is there already, with the same bytes (equal SHA-256, study and series).

    Bytes are the same also where those that came are what came before, or what became of it.
    """
    CONFLICT = "conflict"
    """The SOPInstanceUID is there already, with other bytes, and stays what it was (``REJECT``)."""
    REPLACED = "replaced"
    """The SOPInstanceUID was there already, with other bytes, and this instance has taken its place (``REPLACE``)."""
    KEPT = "kept"
    """The SOPInstanceUID is there already, with other bytes, and stays what it was (``KEEP``)."""


@dataclass(frozen=True, slots=True)
class Addition:
    """The outcome of one record, told when the whole call is done.

    ``stored_key`` says where the SOPInstanceUID is stored now: not where the record wanted it if another instance was
    kept. ``unneeded_blob_key`` is the record's own blob if no row names it. It never was visible to anybody, so whoever
    called deletes it at once, with that of the record's other form; a blob that a row named before is the index's to
    remember (``Index.unneeded_blobs``).
    """

    outcome: Outcome
    stored_key: ResourceKey
    unneeded_blob_key: str | None = None


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """Where an instance is and what is needed to answer for it; a small, immutable value.

    ``row`` is the index's own handle for look-ups that follow (frame index, bulk index, metadata). ``sha256`` names
    the content and so serves as the validator of everything derived from it.
    """

    row: int
    key: ResourceKey
    sop_class_uid: str
    transfer_syntax_uid: str
    blob_key: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class PatientCounts:
    """What is stored of a patient, exact at the time of the search."""

    number_of_studies: int
    number_of_series: int
    number_of_instances: int


@dataclass(frozen=True, slots=True)
class StudyMatch:
    """A study found by a search; ``modalities`` sorted, counts exact at the time of the search.

    ``sop_classes``, sorted as well, and ``patient`` are present only where the query asked for them. A patient is who
    has the same PatientID of the same issuer; a study without PatientID has no counts of its patient.
    """

    attributes: bytes
    modalities: tuple[str, ...]
    number_of_series: int
    number_of_instances: int
    sop_classes: tuple[str, ...] | None = None
    patient: PatientCounts | None = None


@dataclass(frozen=True, slots=True)
class SeriesMatch:
    """A series found by a search, with its study's attributes."""

    attributes: bytes
    study: StudyMatch
    number_of_instances: int


@dataclass(frozen=True, slots=True)
class InstanceMatch:
    """An instance found by a search, with its series and study.

    ``metadata`` is the whole DICOM JSON object, present only where the query asked for it.
    """

    attributes: bytes
    series: SeriesMatch
    metadata: bytes | None
    transfer_syntax_uid: str = ""


BASE_URL_MARK = b'"\\/'
r"""Stands for ``"`` + the DICOMweb root + ``/`` in stored DICOM JSON: the three bytes ``"\/``.

``\/`` is a legal JSON escape of ``/``, so stored documents are valid JSON in which such a URL reads as a path below
the root. The JSON encoder never writes it, and inside a JSON string a quote is always preceded by a backslash, so the
three bytes occur nowhere else and a plain byte replacement makes the URLs absolute.
"""
