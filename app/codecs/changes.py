"""The attributes that change with the form of the pixels (PS3.3 C.7.6.3, C.7.6.1.1.5)."""

from app.codecs.pixels import Frame, PixelDescription
from app.dicom.byte_source import BytesSource
from app.dicom.codestream import transfer_syntaxes_of
from app.dicom.transfer_syntax import transfer_syntax
from app.dicom.value_encoding import encode_values

Change = tuple[str, bytes]
"""VR and little endian value of an attribute that a file gets in place of its own."""

LOSSY_TAGS = frozenset({0x00282110, 0x00282112, 0x00282114})
"""LossyImageCompression, its ratio and its method: never changed where the file says "01" already."""

_LOSSLESS = frozenset({"57", "70", "80", "90", "92", "201", "202"})
_METHODS = {
    "image/jpeg": "ISO_10918_1",
    "image/jls": "ISO_14495_1",
    "image/jp2": "ISO_15444_1",
    "image/jphc": "ISO_15444_15",
}
"""By media type of the stored frames (PS3.3 C.7.6.1.1.5.1)."""


def changes_of(frame: Frame, pixels: PixelDescription) -> dict[int, Change]:
    """What a data set says of pixels that are now like ``frame``."""
    changes = {0x00280004: ("CS", encode_values("CS", [frame.photometric_interpretation]))}
    if pixels.samples_per_pixel > 1:
        changes[0x00280006] = ("US", encode_values("US", [frame.planar_configuration]))
    return changes


def lossy_changes(codestream: bytes, stored_uid: str, pixels: PixelDescription) -> dict[int, Change]:
    """What a data set says of pixels decoded from such a codestream: nothing where it is lossless.

    The ratio is that of this frame; the standard asks for an approximate one.
    """
    method = _METHODS.get(transfer_syntax(stored_uid).media_type)
    suffixes = {uid.rpartition(".")[2] for uid in transfer_syntaxes_of(BytesSource(codestream))}
    if method is None or suffixes & _LOSSLESS:
        return {}
    ratio = f"{pixels.native_length() / len(codestream):.2f}"
    return {
        0x00282110: ("CS", b"01"),
        0x00282112: ("DS", encode_values("DS", [ratio])),
        0x00282114: ("CS", encode_values("CS", [method])),
    }
