"""Elements that come again are remembered by their bytes; what they are still depends on the data set around them."""

from itertools import permutations
from struct import pack

import orjson
import pytest

from app.dicom.bulk_index import BulkIndex
from app.dicom.elements import REMEMBERED_ELEMENTS
from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import BytesSource, ParsedInstance, parse
from tests.unit.app.dicom.encoding import (
    IMPLICIT,
    element,
    file,
    identity,
    image,
    implicit,
    meta,
    padded,
)

COMMENTS = element(0x00204000, "LT", "Grüße".encode("latin-1") + b" ")
LATIN_1, CYRILLIC, GREEK, UTF_8 = (
    element(0x00080005, "CS", f"ISO_IR {number}".encode()) for number in (100, 144, 126, 192)
)
IN_CYRILLIC, IN_GREEK = b"Gr\xfc\xdfe".decode("iso8859_5"), b"Gr\xfc\xdfe".decode("iso8859_7")


def parsed(data: bytes) -> ParsedInstance:
    return parse(BytesSource(data))


def value(data: bytes, key: str) -> object:
    return orjson.loads(parsed(data).metadata)[key].get("Value")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_text_is_read_in_the_character_set_of_its_own_data_set(order: tuple[int, ...]) -> None:
    cases = [
        (file(LATIN_1, COMMENTS), "Grüße"),
        (file(UTF_8, COMMENTS), "Gr\ufffd\ufffde"),
        (file(CYRILLIC, COMMENTS), IN_CYRILLIC),
        (file(COMMENTS, GREEK), IN_GREEK),  # which stands where it should not
    ]
    for case in order:
        data, expected = cases[case]
        assert value(data, "00204000") == [expected]


def test_a_text_of_an_item_is_read_in_the_character_set_of_the_item() -> None:
    def sequence(*elements: bytes) -> bytes:
        content = b"".join(elements)
        return element(0x00081115, "SQ", pack("<HHL", 0xFFFE, 0xE000, len(content)) + content)

    for _ in range(2):
        for around, inner, expected in (
            (LATIN_1, b"", "Grüße"),
            (LATIN_1, CYRILLIC, IN_CYRILLIC),
            (GREEK, b"", IN_GREEK),
            (LATIN_1, UTF_8, "Gr\ufffd\ufffde"),
        ):
            [found] = value(file(around, sequence(inner, COMMENTS)), "00081115")  # type: ignore[misc]
            assert found["00204000"]["Value"] == [expected]


@pytest.mark.parametrize("longer", [b"", b"a comment that moves what follows "])
@pytest.mark.parametrize("vr", ["OW", "US", "OB"])
def test_pixels_of_few_bytes_are_where_they_are_in_their_own_file(vr: str, longer: bytes) -> None:
    pixels = element(0x7FE00010, vr, bytes(range(16)))
    data = file(element(0x00204000, "LT", longer), image(frames=None), pixels)
    found = parsed(data)
    [bulk_value] = BulkIndex.from_bytes(found.bulk_index).values.values()
    assert data[bulk_value.byte_range.start : bulk_value.byte_range.stop] == bytes(range(16))
    [byte_range] = FrameIndex.from_bytes(found.frame_index).ranges(0)
    assert data[byte_range.start : byte_range.stop] == bytes(range(16))


@pytest.mark.parametrize("longer", [b"", b"a comment that moves what follows "])
def test_so_they_are_in_implicit_vr(longer: bytes) -> None:
    uids = [(0x00080016, "1.2.3"), (0x00080018, "1.2.4"), (0x0020000D, "1.2.5"), (0x0020000E, "1.2.6")]
    data = meta(IMPLICIT) + b"".join(implicit(tag, padded(uid)) for tag, uid in uids)
    data += implicit(0x00204000, longer) + implicit(0x7FE00010, bytes(range(16)))
    [bulk_value] = BulkIndex.from_bytes(parsed(data).bulk_index).values.values()
    assert data[bulk_value.byte_range.start : bulk_value.byte_range.stop] == bytes(range(16))


def test_a_value_is_as_signed_as_the_pixels_of_its_own_data_set() -> None:
    smallest = implicit(0x00280106, b"\xff\xff")
    for _ in range(2):
        for representation, expected in ((0, 65535), (1, -1)):
            data = meta(IMPLICIT) + b"".join(
                (
                    *(implicit(tag, padded(uid)) for tag, uid in ((0x00080016, "1.2.3"), (0x00080018, "1.2.4"))),
                    *(implicit(tag, padded(uid)) for tag, uid in ((0x0020000D, "1.2.5"), (0x0020000E, "1.2.6"))),
                    implicit(0x00280103, pack("<H", representation)),
                    smallest,
                )
            )
            assert value(data, "00280106") == [expected]


def test_a_private_element_is_that_of_its_own_creator() -> None:
    acceleration = implicit(0x00191041, b"\x01\x00\x00\x00")
    vrs = set()
    for creator in ("SIEMENS MED DISPLAY ", "GEMS_ACQU_01", "SIEMENS MED DISPLAY "):
        data = meta(IMPLICIT) + b"".join(
            (
                *(implicit(tag, padded(uid)) for tag, uid in ((0x00080016, "1.2.3"), (0x00080018, "1.2.4"))),
                implicit(0x00190010, creator.encode()),
                acceleration,
                *(implicit(tag, padded(uid)) for tag, uid in ((0x0020000D, "1.2.5"), (0x0020000E, "1.2.6"))),
            )
        )
        vrs.add((creator, orjson.loads(parsed(data).metadata)["00191041"]["vr"]))
    assert len(vrs) == 2
    assert len({vr for _, vr in vrs}) == 2


def test_an_element_that_its_sequence_cuts_off_is_cut_off_although_it_was_met_whole() -> None:
    whole = element(0x00080100, "SH", b"ABCDEFGH")
    assert value(file(whole), "00080100") == ["ABCDEFGH"]
    content = pack("<HHL", 0xFFFE, 0xE000, len(whole)) + whole
    sequence = element(0x00081115, "SQ", content, length=len(content) - 4)
    data = file(sequence[: len(sequence)])
    [found] = orjson.loads(parsed(data).metadata)["00081115"].get("Value", [{}])
    assert found.get("00080100", {}).get("Value") != ["ABCDEFGH"]


def test_no_more_than_so_many_are_remembered_and_all_are_read() -> None:
    count = REMEMBERED_ELEMENTS + 100
    group = b"".join(element(0x00091000 + number, "US", pack("<H", number)) for number in range(count))
    metadata = orjson.loads(parsed(file(group)).metadata)
    assert [metadata[f"{0x00091000 + number:08X}"]["Value"] for number in range(count)] == [[n] for n in range(count)]


def test_the_order_of_instances_does_not_matter() -> None:
    files = [meta() + identity(sop=f"1.2.4.{number % 3}") + image(frames=None, rows=number % 4) for number in range(24)]
    first = [parsed(data) for data in files]
    assert [parsed(data) for data in reversed(files)] == first[::-1]
