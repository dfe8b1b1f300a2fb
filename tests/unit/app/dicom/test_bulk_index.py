"""Bulk values: what becomes one, and that their ranges hold what pydicom reads."""

from io import BytesIO
from struct import pack

import orjson
import pydicom
import pytest
from pydicom.dataset import Dataset

from app.dicom.bulk_index import BulkIndex, BulkValue
from app.dicom.character_set import decode
from app.dicom.deflated import inflate_ranges
from app.dicom.errors import UnusableInstance
from app.dicom.native_bytes import swap_words
from app.dicom.part10 import BytesSource, parse
from storage.records import BASE_URL_MARK
from storage.resource import ByteRange
from tests.sample_data import bundled_files, collection_files
from tests.unit.app.dicom.encoding import (
    BIG_ENDIAN,
    JPEG_BASELINE,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    element,
    encapsulated,
    file,
    image,
    item,
    meta,
    padded,
    us,
)

pytestmark = pytest.mark.usefixtures("quiet_pydicom")


def bulk(data: bytes) -> BulkIndex:
    return BulkIndex.from_bytes(parse(BytesSource(data)).bulk_index)


def value_at(data_set: Dataset, path: str) -> bytes:
    """The value that pydicom has at a path such as 00480105/0/00282000."""
    *way, last = path.split("/")
    for tag, number in zip(way[::2], way[1::2], strict=True):
        data_set = data_set[int(tag, 16)].value[int(number)]
    value = data_set[int(last, 16)].value
    assert isinstance(value, bytes)
    return value


def test_ranges_of_real_files_hold_the_values_that_pydicom_reads() -> None:
    seen = nested = 0
    for path in bundled_files() + collection_files():
        data = path.read_bytes()
        try:
            index = bulk(data)
        except UnusableInstance:
            continue
        data_set = pydicom.dcmread(BytesIO(data), force=True)
        if not data_set:
            continue
        for place, value in index.values.items():
            if index.deflated_from is None:
                stored = data[value.byte_range.start : value.byte_range.stop]
            else:
                stored = b"".join(inflate_ranges([data[index.deflated_from :]], [value.byte_range]))
            assert stored == value_at(data_set, place), f"{path.name} {place}"
            seen += 1
            nested += "/" in place
    assert seen > 50
    assert nested or not collection_files()


def test_an_index_reads_back_as_written() -> None:
    index = BulkIndex(
        {
            "7FE00010": BulkValue("OW", ByteRange(2**40, 2**41), word_size=2),
            "00480105/0/00282000": BulkValue("OB", ByteRange(10, 20), encapsulated=True),
            "00204000": BulkValue("LT", ByteRange(1, 2), encodings=("iso2022_jp", "latin-1")),
        },
        deflated_from=336,
    )
    assert BulkIndex.from_bytes(index.to_bytes()) == index


def test_an_index_without_values_is_empty() -> None:
    assert BulkIndex().to_bytes() == b""
    assert BulkIndex.from_bytes(b"").find("7FE00010") is None


@pytest.mark.parametrize("vr", ["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
def test_binary_values_are_bulk_above_1024_bytes(vr: str) -> None:
    data = file(element(0x00331001, vr, bytes(1024)), element(0x00331002, vr, bytes(1026)))
    index, metadata = bulk(data), orjson.loads(parse(BytesSource(data)).metadata)
    assert index.find("00331001") is None
    assert "InlineBinary" in metadata["00331001"]
    value = index.find("00331002")
    assert value is not None
    assert (value.vr, len(value.byte_range)) == (vr, 1026)
    assert metadata["00331002"] == {
        "vr": vr,
        "BulkDataURI": "/studies/1.2.5/series/1.2.6/instances/1.2.4/bulkdata/00331002",
    }


def test_bulk_data_uris_begin_with_the_mark_and_the_instance() -> None:
    inner = element(0x00282000, "OB", bytes(2000))
    data = file(element(0x00480105, "SQ", item(inner) + item(b"") + item(inner)), element(0x7FE00010, "OB", b"\0\0"))
    metadata = parse(BytesSource(data)).metadata
    root = BASE_URL_MARK + b"studies/1.2.5/series/1.2.6/instances/1.2.4/bulkdata/"
    assert metadata.count(BASE_URL_MARK) == 3
    for path in ("00480105/0/00282000", "00480105/2/00282000", "7FE00010"):
        assert root + path.encode() + b'"' in metadata
        assert bulk(data).find(path) is not None


def test_a_text_that_looks_like_the_mark_is_not_changed() -> None:
    data = file(element(0x00204000, "LT", b'see "\\/studies" '))
    metadata = parse(BytesSource(data)).metadata
    assert BASE_URL_MARK not in metadata
    assert orjson.loads(metadata)["00204000"]["Value"] == ['see "\\/studies"']


@pytest.mark.parametrize("size", [0, 2])
def test_pixel_data_is_never_inline(size: int) -> None:
    icon = element(0x00880200, "SQ", item(element(0x7FE00010, "OB", bytes(size))))
    data = file(icon, element(0x7FE00010, "OB", bytes(size)))
    metadata = parse(BytesSource(data)).metadata
    assert b"InlineBinary" not in metadata
    assert len(bulk(data).values) == (2 if size else 0)


def test_encapsulated_pixel_data_is_marked_so() -> None:
    pixel_data = encapsulated(b"aa", b"bb")
    data = file(image(frames=1), pixel_data, transfer_syntax_uid=JPEG_BASELINE)
    value = bulk(data).find("7FE00010")
    assert value is not None
    assert value.encapsulated
    assert data[value.byte_range.start : value.byte_range.stop] == pixel_data[12:].removesuffix(SEQUENCE_DELIMITER)


def test_big_endian_values_tell_their_word_size() -> None:
    uids = b"".join(
        element(tag, "UI", uid, big_endian=True)
        for tag, uid in ((0x00080016, b"1.23"), (0x00080018, b"1.24"), (0x0020000D, b"1.25"), (0x0020000E, b"1.26"))
    )
    shorts = element(0x00331001, "OW", pack(">600H", *range(600)), big_endian=True)
    floats = element(0x00331002, "OF", pack(">600f", *range(600)), big_endian=True)
    octets = element(0x00331003, "OB", bytes(2000), big_endian=True)
    few = element(0x00331004, "OL", pack(">3L", 1, 2, 3), big_endian=True)
    data = meta(BIG_ENDIAN) + uids + shorts + floats + octets + few
    values = bulk(data).values
    assert [values[path].word_size for path in ("00331001", "00331002", "00331003")] == [2, 4, 1]
    stored = data[values["00331001"].byte_range.start : values["00331001"].byte_range.stop]
    assert swap_words(stored, 2) == pack("<600H", *range(600))
    metadata = orjson.loads(parse(BytesSource(data)).metadata)
    assert metadata["00331004"] == {"vr": "OL", "InlineBinary": "AQAAAAIAAAADAAAA"}


def test_a_very_long_text_is_bulk_and_tells_its_character_set() -> None:
    text = "ü" * 1_100_000
    latin = file(element(0x00080005, "CS", b"ISO_IR 100"), element(0x0008030E, "UC", text.encode("latin-1")))
    utf8 = file(element(0x00080005, "CS", b"ISO_IR 192"), element(0x0008030E, "UC", text.encode()))
    value = bulk(latin).values["0008030E"]
    assert decode(latin[value.byte_range.start : value.byte_range.stop], value.encodings) == text
    assert bulk(utf8).values["0008030E"].encodings == ()


def test_a_sequence_is_never_bulk() -> None:
    inner = b"".join(item(element(0x00081030, "LO", padded("a" * 60))) for _ in range(20_000))
    data = file(element(0x00081115, "SQ", inner + SEQUENCE_DELIMITER, length=UNDEFINED), us(0x00280010, 1))
    assert bulk(data).values == {}
    assert len(orjson.loads(parse(BytesSource(data)).metadata)["00081115"]["Value"]) == 20_000
