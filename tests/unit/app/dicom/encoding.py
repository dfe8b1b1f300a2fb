"""Data elements and files byte by byte, so that a test can say exactly what is in them; written without the code under
test."""

from struct import pack

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"

UNDEFINED = 0xFFFFFFFF
LONG_VRS = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}

ITEM_DELIMITER = bytes.fromhex("FEFF0DE000000000")
SEQUENCE_DELIMITER = bytes.fromhex("FEFFDDE000000000")


def element(tag: int, vr: str, value: bytes, *, length: int | None = None, big_endian: bool = False) -> bytes:
    """One data element in explicit VR; ``length`` may lie."""
    order = ">" if big_endian else "<"
    head = pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    stated = len(value) if length is None else length
    return head + (pack(f"{order}HL", 0, stated) if vr in LONG_VRS else pack(f"{order}H", stated)) + value


def implicit(tag: int, value: bytes, *, length: int | None = None) -> bytes:
    """One data element in implicit VR."""
    return pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def item(content: bytes, *, length: int | None = None) -> bytes:
    """An item of a sequence, or a fragment."""
    return pack("<HHL", 0xFFFE, 0xE000, len(content) if length is None else length) + content


def padded(text: str) -> bytes:
    return text.encode() + b"\0" * (len(text) % 2)


def identity(*, sop: str = "1.2.4", study: str = "1.2.5", series: str = "1.2.6") -> bytes:
    """The four UIDs that every instance has, in explicit VR."""
    return (
        element(0x00080016, "UI", padded("1.2.840.10008.5.1.4.1.1.7"))
        + element(0x00080018, "UI", padded(sop))
        + element(0x0020000D, "UI", padded(study))
        + element(0x0020000E, "UI", padded(series))
    )


def meta(transfer_syntax_uid: str = EXPLICIT) -> bytes:
    """Preamble, prefix, and the one element of the file meta information that reading needs."""
    return bytes(128) + b"DICM" + element(0x00020010, "UI", padded(transfer_syntax_uid))


def file(*elements: bytes, transfer_syntax_uid: str = EXPLICIT) -> bytes:
    """A file with identity and more elements behind it."""
    return meta(transfer_syntax_uid) + identity() + b"".join(elements)


def us(tag: int, number: int) -> bytes:
    return element(tag, "US", pack("<H", number))


def image(*, frames: int | None, rows: int = 4, columns: int = 4, bits: int = 8, samples: int = 1) -> bytes:
    """The attributes that tell how long a frame is."""
    number_of_frames = b"" if frames is None else element(0x00280008, "IS", f"{frames:<12}".encode())
    return b"".join(
        (us(0x00280002, samples), number_of_frames, us(0x00280010, rows), us(0x00280011, columns), us(0x00280100, bits))
    )


def encapsulated(*fragments: bytes, offsets: list[int] | None = None) -> bytes:
    """Encapsulated Pixel Data with a basic offset table."""
    table = item(pack(f"<{len(offsets or [])}L", *(offsets or [])))
    content = table + b"".join(item(fragment) for fragment in fragments) + SEQUENCE_DELIMITER
    return element(0x7FE00010, "OB", content, length=UNDEFINED)
