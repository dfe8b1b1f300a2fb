"""The table against pydicom's dictionary of UIDs, which is made from PS3.6."""

import pytest
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID

from app.dicom.transfer_syntax import OCTET_STREAM, TRANSFER_SYNTAXES, transfer_syntax

NOT_FILES = ("1.2.840.10008.1.2.6.", "1.2.840.10008.1.2.7.")
"""RFC 2557 and XML are no encodings of files, SMPTE ST 2110 is of streams."""

KNOWN = [
    uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax" and not uid.startswith(NOT_FILES)
]
PIXELS_ELSEWHERE = {f"1.2.840.10008.1.2.4.{suffix}" for suffix in (94, 95, 204, 205)}


@pytest.mark.parametrize("uid", KNOWN)
def test_every_syntax_that_pydicom_knows_has_its_encoding(uid: str) -> None:
    syntax, expected = TRANSFER_SYNTAXES[uid], UID(uid)
    if "Papyrus" in expected.name:
        assert not syntax.explicit_vr
        return
    assert syntax.explicit_vr is not expected.is_implicit_VR
    assert syntax.little_endian is expected.is_little_endian
    if uid not in PIXELS_ELSEWHERE:
        assert syntax.encapsulated is expected.is_encapsulated
        assert syntax.deflated is expected.is_deflated


@pytest.mark.parametrize(
    ("uid", "media_type"),
    [
        ("1.2.840.10008.1.2.1", OCTET_STREAM),
        ("1.2.840.10008.1.2.4.50", "image/jpeg"),
        ("1.2.840.10008.1.2.4.70", "image/jpeg"),
        ("1.2.840.10008.1.2.5", "image/dicom-rle"),
        ("1.2.840.10008.1.2.4.80", "image/jls"),
        ("1.2.840.10008.1.2.4.90", "image/jp2"),
        ("1.2.840.10008.1.2.4.92", "image/jpx"),
        ("1.2.840.10008.1.2.4.201", "image/jphc"),
        ("1.2.840.10008.1.2.4.202", "image/jphc"),
        ("1.2.840.10008.1.2.4.203", "image/jphc"),
        ("1.2.840.10008.1.2.4.110", "image/jxl"),
        ("1.2.840.10008.1.2.4.112", "image/jxl"),
        ("1.2.840.10008.1.2.4.100", "video/mpeg"),
        ("1.2.840.10008.1.2.4.102", "video/mp4"),
        ("1.2.840.10008.1.2.4.107", "video/H265"),
    ],
)
def test_frames_have_the_media_type_of_ps3_18_table_8_7_3_5(uid: str, media_type: str) -> None:
    assert TRANSFER_SYNTAXES[uid].media_type == media_type


def test_an_unknown_syntax_is_explicit_little_endian_with_opaque_frames() -> None:
    syntax = transfer_syntax("1.3.6.1.4.1.5962.300.2")
    assert (syntax.explicit_vr, syntax.little_endian, syntax.encapsulated) == (True, True, True)
    assert syntax.media_type == OCTET_STREAM
