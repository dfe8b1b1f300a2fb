import pytest

from app.protocol.errors import MalformedRequest
from app.protocol.media_type import MediaType, split_list

JLS = "1.2.840.10008.1.2.4.80"


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("application/dicom", "application/dicom", ()),
        ("Application/DICOM+JSON", "application/dicom+json", ()),
        ("application/dicom json", "application/dicom+json", ()),
        (" text / html ", "text/html", ()),
        ("*", "*/*", ()),
        ("image/", "image/*", ()),
        ('multipart/related; type="application/dicom"', "multipart/related", (("type", "application/dicom"),)),
        ("multipart/related;type=application/dicom", "multipart/related", (("type", "application/dicom"),)),
        ('a/b;  X="q;r,s" ;y = Z', "a/b", (("x", "q;r,s"), ("y", "Z"))),
        (r'a/b; x="say \"aah\" \\"', "a/b", (("x", 'say "aah" \\'),)),
        ("a/b;; flag; x=1;", "a/b", (("x", "1"),)),
        ('a/b; x=""', "a/b", (("x", ""),)),
    ],
)
def test_media_types_are_read_as_clients_write_them(text, essence, parameters):
    media_type = MediaType.parse(text)
    assert media_type.essence == essence
    assert media_type.parameters == parameters


@pytest.mark.parametrize("text", ["", "application", "/dicom", "a b/c", 'a"b/c', "é/x", ";q=1"])
def test_what_is_no_media_type_is_refused(text):
    with pytest.raises(MalformedRequest):
        MediaType.parse(text)


def test_of_a_repeated_parameter_the_first_counts_and_all_are_kept():
    media_type = MediaType.parse(f'multipart/related; transfer-syntax="{JLS}"; transfer-syntax="*"')
    assert media_type.parameter("transfer-syntax") == JLS
    assert media_type.parameter_values("transfer-syntax") == (JLS, "*")
    assert media_type.parameter("type") is None


@pytest.mark.parametrize(
    ("media_range", "media_type", "expected"),
    [
        ("*/*", "image/jpeg", True),
        ("image/*", "image/jpeg", True),
        ("image/jpeg", "image/jpeg", True),
        ("image/jpeg; q=0.1", "image/jpeg", True),
        ("image/*", "application/dicom", False),
        ("image/jp2", "image/jpeg", False),
    ],
)
def test_matching_knows_wildcards(media_range, media_type, expected):
    assert MediaType.parse(media_range).matches(MediaType.parse(media_type)) is expected


def test_a_transfer_syntax_is_written_without_quotes_and_a_type_with_them():
    octet_stream = MediaType("application", "octet-stream").with_parameter("transfer-syntax", JLS)
    assert str(octet_stream) == f"application/octet-stream; transfer-syntax={JLS}"
    related = MediaType("multipart", "related", (("type", "application/dicom"),))
    assert str(related) == 'multipart/related; type="application/dicom"'


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        ("a, b ,c", ["a", "b", "c"]),
        (", ,a,,", ["a"]),
        ('a; x="1,2", b', ['a; x="1,2"', "b"]),
        (r'a; x="1\",2", b', [r'a; x="1\",2"', "b"]),
        ('a; x="1,2', ['a; x="1,2']),
    ],
)
def test_commas_within_quotes_do_not_separate(text, elements):
    assert split_list(text) == elements
