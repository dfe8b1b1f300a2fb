import pytest

from app.protocol.accept import ANYTHING, MediaRange, parse_accept
from app.protocol.media_type import MediaType

J2K, JLS = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"


def single(media_type: str, quality: float = 1.0, *transfer_syntaxes: str) -> MediaRange:
    return MediaRange(MediaType(*media_type.split("/")), False, transfer_syntaxes, quality)


def multipart(media_type: str, *transfer_syntaxes: str) -> MediaRange:
    return MediaRange(MediaType(*media_type.split("/")), True, transfer_syntaxes)


def anything(quality: float = 1.0) -> MediaRange:
    return MediaRange(MediaType("*", "*"), None, (), quality)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        # dicomweb-client and other Python scripts
        ("application/dicom+json, application/json", [single("application/dicom+json"), single("application/json")]),
        ('multipart/related; type="*/*"', [multipart("*/*")]),
        ('multipart/related; type="image/*"', [multipart("image/*")]),
        ('multipart/related; type="image/"', [multipart("image/*")]),
        (
            f'multipart/related; type="image/jp2"; transfer-syntax={J2K}, multipart/related; type="image/jls"',
            [multipart("image/jp2", J2K), multipart("image/jls")],
        ),
        # JavaScript clients and viewers
        ("application/dicom+json", [single("application/dicom+json")]),
        ('multipart/related; type="application/dicom"', [multipart("application/dicom")]),
        (
            'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
            [multipart("application/octet-stream", "*")],
        ),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            [multipart("application/octet-stream", "*")],
        ),
        (
            f'multipart/related; type="image/jls"; transfer-syntax="{JLS}"; transfer-syntax="*"',
            [multipart("image/jls", JLS, "*")],
        ),
        ("image/x-jls", [single("image/jls")]),
        ("image/x-dicom-rle, image/x-jpls", [single("image/dicom-rle"), single("image/jls")]),
        ('multipart/related; type="image/dicom+jpeg"', [multipart("image/jpeg")]),
        # Weasis, EZ-WSI, Google's adapter
        ('multipart/related;type="application/dicom";transfer-syntax=*', [multipart("application/dicom", "*")]),
        ('multipart/related; transfer-syntax=*; type="application/dicom"', [multipart("application/dicom", "*")]),
        ("application/dicom; transfer-syntax=*", [single("application/dicom", 1.0, "*")]),
        # Java's default
        (
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            [single("text/html"), single("image/gif"), single("image/jpeg"), anything(0.2), anything(0.2)],
        ),
        # What is missing
        ("multipart/related", [multipart("*/*")]),
        ("*/*", [ANYTHING]),
        ("*", [ANYTHING]),
        ("", [ANYTHING]),
        (None, [ANYTHING]),
        # What does not parse
        ("nonsense, image/png, image/gif; q=high, /x", [single("image/png")]),
        ("nonsense", [ANYTHING]),
    ],
)
def test_the_accept_headers_of_real_clients(header, expected):
    assert list(parse_accept(header)) == expected


@pytest.mark.parametrize(
    ("weight", "quality"), [("1", 1.0), ("0.5", 0.5), ("0", 0.0), (".2", 0.2), ("0.001", 0.001), ("7", 1.0)]
)
def test_weights(weight, quality):
    assert parse_accept(f"image/png;Q={weight}") == (single("image/png", quality),)


@pytest.mark.parametrize(
    ("query_parameter", "expected"),
    [
        ("application/dicom+json", single("application/dicom+json")),
        ("application/dicom json", single("application/dicom+json")),
        ("*", ANYTHING),
        ("video/mp4", single("video/mp4")),
    ],
)
def test_the_query_parameter_takes_the_place_of_the_header(query_parameter, expected):
    assert parse_accept("text/html", query_parameter) == (expected,)


def test_an_empty_query_parameter_leaves_the_header_in_place():
    assert parse_accept("image/png", "") == (single("image/png"),)
