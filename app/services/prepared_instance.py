"""An instance on its way into the archive: its bytes are written and understood, though not yet under a key."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from app.dicom.byte_source import ByteSource
from app.dicom.limits import ParseLimits
from app.dicom.part10 import ParsedInstance, parse
from storage.blobs.protocol import CHUNK_BYTES, StagedBlob
from storage.records import InstanceForm, InstanceRecord


@dataclass(frozen=True, slots=True)
class PreparedInstance:
    """A file, parsed once.

    ``received_sha256`` is the digest of the file that it was made of, if it was; ``form`` is one that was made of it.
    """

    blob: StagedBlob
    parsed: ParsedInstance
    sha256: bytes
    received_sha256: bytes | None = None
    form: Self | None = None

    @classmethod
    def read(cls, blob: StagedBlob, limits: ParseLimits) -> Self:
        """Parse a file and digest it; synchronous, for a worker. Raises UnusableInstance."""
        return cls(blob, *parse_and_digest(blob, limits))

    def record(self, keys: Iterator[str]) -> InstanceRecord:
        """What the index is told; ``keys`` gives those of the blobs, in the order of ``with_forms``."""
        record = as_record(self.parsed, next(keys), self.blob.size, self.sha256)
        if self.received_sha256 is None and self.form is None:
            return record
        form = None if self.form is None else self.form.as_form(next(keys))
        return replace(record, received_sha256=self.received_sha256, form=form)

    def as_form(self, blob_key: str) -> InstanceForm:
        """The same as another form of a stored instance."""
        parsed = self.parsed
        return InstanceForm(parsed.transfer_syntax_uid, blob_key, self.blob.size, self.sha256, parsed.frame_index)


def parse_and_digest(file: ByteSource, limits: ParseLimits) -> tuple[ParsedInstance, bytes]:
    """What is in a file, and its SHA-256. Raises UnusableInstance, and what reading the file raises."""
    parsed, sha256 = parse(file, limits), hashlib.sha256()
    for start in range(0, file.size, CHUNK_BYTES):
        sha256.update(file.read(start, start + CHUNK_BYTES))
    return parsed, sha256.digest()


def as_record(parsed: ParsedInstance, blob_key: str, size: int, sha256: bytes) -> InstanceRecord:
    """What the index is told of a file that is stored as it came; ``size`` in bytes."""
    return InstanceRecord(
        key=parsed.key,
        sop_class_uid=parsed.sop_class_uid,
        transfer_syntax_uid=parsed.transfer_syntax_uid,
        blob_key=blob_key,
        size=size,
        sha256=sha256,
        index_values=parsed.index_values,
        study_attributes=parsed.study_attributes,
        series_attributes=parsed.series_attributes,
        instance_attributes=parsed.instance_attributes,
        metadata=parsed.metadata,
        frame_index=parsed.frame_index,
        bulk_index=parsed.bulk_index,
    )


def with_forms(prepared: Iterable[PreparedInstance]) -> Iterator[PreparedInstance]:
    """Each instance, and behind it the form that was made of it."""
    for item in prepared:
        yield item
        if item.form is not None:
            yield item.form
