"""Why a received file cannot be stored as an instance, in words a client can act on.

```
UnusableInstance
├── NotDicom                 not a DICOM file at all
├── MalformedDataSet         DICOM, but the data set cannot be read to its end
├── MissingIdentity          a UID that names the instance is absent
├── InvalidUID               a UID that names the instance is no UID
├── NotAnInstance            a file of another kind, such as a DICOMDIR
├── UnknownTransferSyntax    the transfer syntax is unknown and the data set cannot be read without knowing it
└── LimitExceeded            more than the server is willing to read
```
"""

from typing import ClassVar

from app.dicom.store_report import FailureReason


class UnusableInstance(Exception):
    """A received file is not stored; base of all exceptions that ``part10.parse`` raises.

    ``sop_class_uid`` and ``sop_instance_uid`` are those of the data set, as far as they could be read.
    """

    failure_reason: ClassVar[int] = FailureReason.CANNOT_UNDERSTAND
    """The value of FailureReason (0008,1197) in the answer (PS3.18 Table I.2-2, PS3.4 B.2.3)."""

    def __init__(self, message: str, *, sop_class_uid: str | None = None, sop_instance_uid: str | None = None) -> None:
        super().__init__(message)
        self.sop_class_uid = sop_class_uid
        self.sop_instance_uid = sop_instance_uid


class NotDicom(UnusableInstance):
    """The file is not a DICOM file (PS3.10 7.1)."""


class MalformedDataSet(UnusableInstance):
    """The data set cannot be read to its end."""


class MissingIdentity(UnusableInstance):
    """SOPClassUID, SOPInstanceUID, StudyInstanceUID or SeriesInstanceUID is absent: every SOP class requires them."""

    failure_reason = FailureReason.DATA_SET_DOES_NOT_MATCH


class InvalidUID(UnusableInstance):
    """One of the UIDs that name the instance breaks the rules of PS3.5 9.1."""

    failure_reason = FailureReason.INVALID_UID


class NotAnInstance(UnusableInstance):
    """The file is a DICOM file, but of a SOP class that is not stored as an instance of a study."""

    failure_reason = FailureReason.SOP_CLASS_NOT_SUPPORTED


class UnknownTransferSyntax(UnusableInstance):
    """The transfer syntax is unknown, and reading as Explicit VR Little Endian failed."""

    failure_reason = FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED


class LimitExceeded(UnusableInstance):
    """Reading the file would take more memory or time than one instance may (see ``ParseLimits``)."""

    failure_reason = FailureReason.OUT_OF_RESOURCES
