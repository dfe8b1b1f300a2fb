"""Codestreams byte by byte, and those of real files against what the files and pydicom say of them."""

from collections import Counter
from io import BytesIO
from struct import pack

import pydicom
import pytest

from app.dicom.codestream import codestream_range, transfer_syntaxes_of
from app.dicom.part10 import BytesSource
from app.dicom.transfer_syntax import transfer_syntax
from tests.sample_data import bundled_files, collection_files
from tests.source_frames import source_frames, transfer_syntax_of

APP = bytes.fromhex("FFE0 0010 4A46494600 010100000100010000")
LONG_APP = bytes.fromhex("FFE2 FFFF") + b"\xff\xc2" * 32766 + b"\0"
COMMENT_AFTER_FILL = bytes.fromhex("FFFFFF FE 0004 FFC0")


def jpeg(process: int, *between: bytes, components: int = 1, parameter: int = 0) -> bytes:
    frame = bytes([0xFF, process]) + pack(">HBHHB", 8 + 3 * components, 8, 16, 16, components) + bytes(3 * components)
    scan = pack(">2sHB", b"\xff\xda", 6 + 2 * components, components) + bytes(2 * components) + bytes([parameter, 0, 0])
    return b"\xff\xd8" + b"".join(between) + frame + scan + b"image data\xff\xd9"


def jpeg_2000(*, capabilities: int = 0, style: int = 0, transform: int = 1) -> bytes:
    size = pack(">2sHH", b"\xff\x51", 41, capabilities) + bytes(37)
    coding = pack(">2sHBBHBBBBBB", b"\xff\x52", 12, 0, 2, 1, 0, 5, 4, 4, style, transform)
    return b"\xff\x4f" + size + b"\xff\x64\0\4note"[:6] + coding + b"\xff\xd9"


def first(data: bytes) -> str | None:
    found = transfer_syntaxes_of(BytesSource(data))
    return found[0].removeprefix("1.2.840.10008.1.2.4.") if found else None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (jpeg(0xC0), "50"),
        (jpeg(0xC0, APP, components=3), "50"),
        (jpeg(0xC0, LONG_APP, LONG_APP, COMMENT_AFTER_FILL), "50"),
        (jpeg(0xC1), "51"),
        (jpeg(0xC2), "55"),
        (jpeg(0xC3, parameter=1), "70"),
        (jpeg(0xC3, parameter=1, components=3), "70"),
        (jpeg(0xC3, parameter=6), "57"),
        (jpeg(0xF7, parameter=0), "80"),
        (jpeg(0xF7, parameter=2, components=3), "81"),
        (jpeg_2000(), "90"),
        (jpeg_2000(transform=0), "91"),
        (jpeg_2000(capabilities=0x8000), "92"),
        (jpeg_2000(capabilities=0x8000, transform=0), "93"),
        (jpeg_2000(capabilities=0x4000, style=0x40), "201"),
        (jpeg_2000(capabilities=0x4000, style=0x40, transform=0), "203"),
        (jpeg(0xC5), None),
        (jpeg(0xC3)[:21], None),
        (jpeg_2000()[:45], None),
        (jpeg(0xC0)[:3], None),
        (b"\xff\xd8 no marker", None),
        (b"", None),
        (bytes(64), None),
    ],
)
def test_the_markers_tell_the_transfer_syntax(data: bytes, expected: str | None) -> None:
    assert first(data) == expected


@pytest.mark.parametrize(("process", "stated"), [(0xC3, "57"), (0xF7, "81")])
def test_a_lossless_codestream_also_fits_the_wider_syntax(process: int, stated: str) -> None:
    data = jpeg(process, parameter=1 if process == 0xC3 else 0)
    assert f"1.2.840.10008.1.2.4.{stated}" in transfer_syntaxes_of(BytesSource(data))


def box(kind: bytes, content: bytes, *, length: int | None = None, extended: bool = False) -> bytes:
    if extended:
        return pack(">L4sQ", 1, kind, 16 + len(content)) + content
    return pack(">L4s", 8 + len(content) if length is None else length, kind) + content


SIGNATURE = box(b"jP  ", bytes.fromhex("0D0A870A"))


@pytest.mark.parametrize(
    "last", [box(b"jp2c", jpeg_2000()), box(b"jp2c", jpeg_2000(), length=0), box(b"jp2c", jpeg_2000(), extended=True)]
)
def test_only_the_codestream_of_a_jpeg_2000_file_is_encapsulated(last: bytes) -> None:
    data = SIGNATURE + box(b"jp2h", bytes(300)) + last
    span = codestream_range(BytesSource(data))
    assert data[span.start : span.stop] == jpeg_2000()
    assert first(data) == "90"


@pytest.mark.parametrize("rest", [b"", box(b"free", b""), box(b"free", b"", length=3), b"\0"])
def test_a_jpeg_2000_file_without_codestream_is_taken_whole(rest: bytes) -> None:
    span = codestream_range(BytesSource(SIGNATURE + rest))
    assert (span.start, span.stop) == (0, len(SIGNATURE + rest))


SAYS_OTHERWISE = "healthcare-dicom-dicomweb-adapter__example.dcm"
"""A progressive JPEG in a file that says baseline."""


@pytest.mark.usefixtures("quiet_pydicom")
def test_real_codestreams_fit_the_transfer_syntax_of_their_files() -> None:
    told = Counter[str]()
    for path in bundled_files() + [path for path in collection_files() if path.parts[-3] != "studies"]:
        data_set = pydicom.dcmread(BytesIO(path.read_bytes()), force=True)
        uid = transfer_syntax_of(data_set)
        if not transfer_syntax(uid).media_type.startswith("image/j") or path.name == SAYS_OTHERWISE:
            continue
        for frame in source_frames(data_set)[:1]:
            possible = transfer_syntaxes_of(BytesSource(frame))
            assert not possible or uid in possible, path.name
            told[uid] += bool(possible)
    bundled = {"50", "51", "70", "80", "81", "90", "91"}
    assert {uid.removeprefix("1.2.840.10008.1.2.4.") for uid in told} >= bundled | (
        {"57"} if collection_files() else set()
    )
