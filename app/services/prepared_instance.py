"""An instance on its way into the archive: its bytes are written and understood, though not yet under a key."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

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
        parsed, digest = parse(blob, limits), hashlib.sha256()
        for start in range(0, blob.size, CHUNK_BYTES):
            digest.update(blob.read(start, start + CHUNK_BYTES))
        return cls(blob, parsed, digest.digest())

    def record(self, keys: Iterator[str]) -> InstanceRecord:
        """What the index is told; ``keys`` gives those of the blobs, in the order of ``with_forms``."""
        parsed = self.parsed
        return InstanceRecord(
            key=parsed.key,
            sop_class_uid=parsed.sop_class_uid,
            transfer_syntax_uid=parsed.transfer_syntax_uid,
            blob_key=next(keys),
            size=self.blob.size,
            sha256=self.sha256,
            index_values=parsed.index_values,
            study_attributes=parsed.study_attributes,
            series_attributes=parsed.series_attributes,
            instance_attributes=parsed.instance_attributes,
            metadata=parsed.metadata,
            frame_index=parsed.frame_index,
            bulk_index=parsed.bulk_index,
            received_sha256=self.received_sha256,
            form=None if self.form is None else self.form.as_form(next(keys)),
        )

    def as_form(self, blob_key: str) -> InstanceForm:
        """The same as another form of a stored instance."""
        parsed = self.parsed
        return InstanceForm(parsed.transfer_syntax_uid, blob_key, self.blob.size, self.sha256, parsed.frame_index)


def with_forms(prepared: Iterable[PreparedInstance]) -> Iterator[PreparedInstance]:
    """Each instance, and behind it the form that was made of it."""
    for item in prepared:
        yield item
        if item.form is not None:
            yield item.form
