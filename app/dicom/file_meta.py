"""The head of a DICOM file: preamble, prefix and File Meta Information (PS3.10 7.1)."""

from dataclasses import dataclass

from app.dicom.byte_source import Window
from app.dicom.elements import DataSet, DataSetReader, looks_like_vr
from app.dicom.errors import NotAnInstance, NotDicom, UnknownTransferSyntax
from app.dicom.limits import ParseLimits
from app.dicom.transfer_syntax import TRANSFER_SYNTAXES, TransferSyntax, transfer_syntax
from app.dicom.uid import is_valid_uid
from app.dicom.vr import EXPLICIT_VRS

_PREFIX_AT = 128
_PREFIX = b"DICM"
_META_GROUP = 0x0002
_COMMAND_GROUP = 0x0000
_FIRST_GROUPS = {0x0002, 0x0008}
"""The groups with which a file without preamble may begin, to be taken for DICOM."""

_MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
_TRANSFER_SYNTAX_UID = 0x00020010
_MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
IS_DICOMDIR = "This is a DICOMDIR, the directory of a medium. Send the files that it lists instead."

_IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"


@dataclass(frozen=True, slots=True)
class FileMeta:
    """The elements of the File Meta Information, its transfer syntax, and where the data set begins in the file."""

    elements: DataSet
    position: int
    syntax: TransferSyntax


def read_file_meta(window: Window, limits: ParseLimits) -> FileMeta:
    """Read preamble and File Meta Information, or do without them where the data set speaks for itself."""
    position = _after_preamble(window)
    meta = DataSet(explicit_vr=looks_like_vr(window.peek(position, 6)[4:]), little_endian=True)
    reader = DataSetReader(window, limits, _ignore_item)
    position = reader.read(meta, position, only_group=_META_GROUP)
    # Some senders leave the elements of the C-STORE command, always in implicit VR, before the data set.
    position = reader.read(DataSet(explicit_vr=False, little_endian=True), position, only_group=_COMMAND_GROUP)
    if uid_of(meta, _MEDIA_STORAGE_SOP_CLASS_UID) == _MEDIA_STORAGE_DIRECTORY:
        raise NotAnInstance(IS_DICOMDIR)
    uid = uid_of(meta, _TRANSFER_SYNTAX_UID)
    if not uid:
        return FileMeta(meta, position, TRANSFER_SYNTAXES[_guess_transfer_syntax(window, position)])
    if not is_valid_uid(uid):
        raise UnknownTransferSyntax("TransferSyntaxUID (0002,0010) is not a UID.")
    return FileMeta(meta, position, transfer_syntax(uid))


def _ignore_item(item: DataSet) -> bytes:
    return b""


def _after_preamble(window: Window) -> int:
    """Where the first data element is: behind the prefix, or at the start of a file that begins with an early group."""
    head = window.read(0, _PREFIX_AT + len(_PREFIX))
    if head[_PREFIX_AT:] == _PREFIX:
        return len(head)
    group = head[:2]
    if int.from_bytes(group, "little") in _FIRST_GROUPS or int.from_bytes(group, "big") in _FIRST_GROUPS:
        return 0
    raise NotDicom(
        "This is not a DICOM file: it has no DICM prefix at byte 128, nor does it begin with a data element."
    )


def is_explicit(window: Window, position: int, expected: bool) -> bool:
    """Whether the data set is in explicit VR: its first element tells more truly than the transfer syntax."""
    code = window.peek(position, 6)[4:]
    return looks_like_vr(code) if len(code) == 2 else expected


def _guess_transfer_syntax(window: Window, position: int) -> str:
    """The uncompressed transfer syntax in which the first data element makes sense, as pydicom guesses."""
    first = window.peek(position, 6)
    if first[4:] not in EXPLICIT_VRS:
        return _IMPLICIT_VR_LITTLE_ENDIAN
    # Group 0008 in big endian, read as little endian, is 0800.
    return _EXPLICIT_VR_BIG_ENDIAN if int.from_bytes(first[:2], "little") >= 0x0400 else _EXPLICIT_VR_LITTLE_ENDIAN


def uid_of(data_set: DataSet, tag: int) -> str | None:
    """A UID as the data set has it, valid or not; None when it is absent or empty."""
    element = data_set.elements.get(tag)
    value = element.value if element is not None else None
    return value.decode("latin-1").strip(" \0") or None if value else None
