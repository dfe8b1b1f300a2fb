"""Which parts a BulkDataURI names, and what their media types mean (PS3.18 Table 8.7.3-5)."""

import pytest

from app.dicom.bulk_part import BulkPart, find_parts, pixel_transfer_syntax
from app.dicom.errors import MalformedDataSet, UnknownTransferSyntax
from app.dicom.part10 import BytesSource
from tests.unit.app.dicom.test_codestream import jpeg, jpeg_2000

FAMILY = "1.2.840.10008.1.2.4."


def part(data: bytes = b"opaque", media_type: str = "application/octet-stream", syntax: str | None = None) -> BulkPart:
    return BulkPart(BytesSource(data), media_type, syntax)


ONE, TWO, OTHER = part(b"1"), part(b"2"), part(b"3")


def test_a_uri_names_what_is_located_there() -> None:
    assert find_parts({"a": [ONE, TWO], "a/frames/1": [OTHER]}, "a") == [ONE, TWO]


def test_a_uri_names_its_frames_up_to_the_first_that_is_absent() -> None:
    assert find_parts({"a/frames/2": [TWO], "a/frames/1": [ONE], "a/frames/4": [OTHER]}, "a") == [ONE, TWO]


def test_a_uri_that_no_part_has_is_told() -> None:
    with pytest.raises(MalformedDataSet, match="'a'"):
        find_parts({"b": [ONE], "a/frames/2": [TWO], "a/frames/3": []}, "a")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (part(), "1.2.840.10008.1.2.1"),
        (part(syntax="1.2.840.10008.1.2.1"), "1.2.840.10008.1.2.1"),
        (part(syntax="1.2.840.10008.1.2"), "1.2.840.10008.1.2.1"),
        (part(syntax="1.2.840.10008.1.2.8.1"), "1.2.840.10008.1.2.8.1"),
        (part(syntax="1.2.3.4"), "1.2.3.4"),
        (part(syntax=FAMILY + "50", data=jpeg(0xC0)), FAMILY + "50"),
        (part(media_type="image/dicom-rle"), "1.2.840.10008.1.2.5"),
        (part(media_type="image/x-dicom-rle"), "1.2.840.10008.1.2.5"),
        (part(media_type="image/jpeg"), FAMILY + "70"),
        (part(media_type="image/jpeg", syntax=FAMILY + "51"), FAMILY + "51"),
        (part(jpeg(0xC0), "image/jpeg"), FAMILY + "50"),
        (part(jpeg(0xC0), "image/jpeg", FAMILY + "70"), FAMILY + "50"),
        (part(jpeg(0xC3, parameter=1), "image/jpeg"), FAMILY + "70"),
        (part(jpeg(0xC3, parameter=1), "image/jpeg", FAMILY + "57"), FAMILY + "57"),
        (part(jpeg(0xF7), "image/jls"), FAMILY + "80"),
        (part(jpeg(0xF7, parameter=3), "image/jls"), FAMILY + "81"),
        (part(jpeg_2000(), "image/jp2"), FAMILY + "90"),
        (part(jpeg_2000(), "image/jp2", FAMILY + "91"), FAMILY + "91"),
        (part(jpeg_2000(transform=0), "image/jp2", FAMILY + "90"), FAMILY + "91"),
        (part(jpeg_2000(), "image/jpx"), FAMILY + "92"),
        (part(jpeg_2000(style=0x40), "image/jphc"), FAMILY + "201"),
        (part(jpeg_2000(style=0x40), "image/jphc", FAMILY + "202"), FAMILY + "202"),
        (part(jpeg_2000(style=0x40, transform=0), "image/jphc"), FAMILY + "203"),
        (part(media_type="image/jxl"), FAMILY + "110"),
        (part(media_type="video/mp4"), FAMILY + "102"),
        (part(media_type="video/mp4", syntax=FAMILY + "104"), FAMILY + "104"),
        (part(media_type="video/mpeg"), FAMILY + "101"),
    ],
)
def test_the_codestream_then_the_parameter_then_the_media_type_tell(given: BulkPart, expected: str) -> None:
    assert pixel_transfer_syntax([given]) == expected


@pytest.mark.parametrize("syntax", [None, "1.2.840.10008.1.2.1"])
@pytest.mark.parametrize("media_type", ["image/png", "image/gif", "text/plain"])
def test_what_would_have_to_be_converted_is_refused(media_type: str, syntax: str | None) -> None:
    with pytest.raises(UnknownTransferSyntax, match=media_type):
        pixel_transfer_syntax([part(media_type=media_type, syntax=syntax)])


def test_frames_of_different_media_types_are_refused() -> None:
    with pytest.raises(MalformedDataSet, match="different media types"):
        pixel_transfer_syntax([part(media_type="image/jpeg"), part(media_type="image/jls")])
