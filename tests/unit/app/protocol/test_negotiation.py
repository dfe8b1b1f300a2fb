import pytest

from app.protocol.accept import parse_accept
from app.protocol.errors import NotAcceptable
from app.protocol.media_type import MediaType
from app.protocol.negotiation import Offer, choose

EXPLICIT, JPEG, J2K, JLS = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.80",
)


def offer(media_type: str, uid: str | None = None, *, multipart: bool = False, default: bool = True) -> Offer:
    return Offer(MediaType.parse(media_type), multipart, uid, default)


INSTANCE = [offer("application/dicom", J2K, multipart=True), offer("application/dicom", J2K)]
JSON = [offer("application/dicom+json"), offer("application/json")]
RENDERED = [offer("image/jpeg"), offer("image/png"), offer("image/gif")]
FRAMES = [
    offer("application/octet-stream", JLS, multipart=True, default=False),
    offer("application/octet-stream", EXPLICIT, multipart=True),
    offer("image/jls", JLS, multipart=True),
    offer("application/octet-stream", JLS, default=False),
    offer("application/octet-stream", EXPLICIT),
    offer("image/jls", JLS),
]
BASELINE_FRAMES = [
    offer("image/jpeg", JPEG, multipart=True),
    offer("application/octet-stream", EXPLICIT, multipart=True),
]


@pytest.mark.parametrize(
    ("accept", "offers", "chosen"),
    [
        # Nothing said: the first offer that is a default.
        (None, JSON, 0),
        ("*/*", INSTANCE, 0),
        ("*/*", FRAMES, 1),
        ("*/*", RENDERED, 0),
        # Multipart asked, multipart given; single part asked, single part given.
        ('multipart/related; type="application/dicom"; transfer-syntax=*', INSTANCE, 0),
        ("application/dicom; transfer-syntax=*", INSTANCE, 1),
        ("application/dicom", INSTANCE, 1),
        ("multipart/related", INSTANCE, 0),
        ('multipart/related; type="*/*"', FRAMES, 1),
        ('multipart/related; type="image/*"', FRAMES, 2),
        ('multipart/related; type="image/"', FRAMES, 2),
        ("image/*", FRAMES, 5),
        ("application/octet-stream", FRAMES, 4),
        # Transfer syntaxes: none named, any, one, several.
        ('multipart/related; type="application/octet-stream"', FRAMES, 1),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', FRAMES, 0),
        (f'multipart/related; type="application/octet-stream"; transfer-syntax={JLS}', FRAMES, 0),
        (f'multipart/related; type="*/*"; transfer-syntax={EXPLICIT}', FRAMES, 1),
        ('multipart/related; type="image/jpeg"', BASELINE_FRAMES, 0),
        (f'multipart/related; type="image/*"; transfer-syntax="{J2K}"; transfer-syntax="*"', FRAMES, 2),
        (f'multipart/related; type="*/*"; transfer-syntax={EXPLICIT}; transfer-syntax={JLS}', FRAMES, 1),
        # Weight, then the narrower range, then the order of the header, then the order of the offers.
        ("image/png; q=0.5, image/gif", RENDERED, 2),
        ("image/*; q=0.5, image/gif; q=0.5", RENDERED, 2),
        ("image/gif, image/png", RENDERED, 2),
        ("image/*", RENDERED, 0),
        ("*/*, image/png; q=0.1", RENDERED, 0),
        ("*/*, image/jpeg; q=0.1", RENDERED, 1),
        ("image/jpeg; q=0, image/*", RENDERED, 1),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON, 0),
        ("text/html, */*; q=0.1, application/json; q=0.2", JSON, 1),
        (f'multipart/related; type="image/jp2"; transfer-syntax={J2K}, multipart/related; type="image/jls"', FRAMES, 2),
        # A representation without transfer syntax does not mind being asked for one.
        ("application/dicom+json; transfer-syntax=*", JSON, 0),
    ],
)
def test_the_best_offer_is_chosen(accept, offers, chosen):
    assert choose(parse_accept(accept), offers) == offers[chosen]


@pytest.mark.parametrize(
    ("accept", "offers"),
    [
        ("text/html", JSON),
        (f"application/dicom; transfer-syntax={EXPLICIT}", INSTANCE),
        ('multipart/related; type="application/dicom+json"', JSON),
        ("application/dicom+json; q=0", JSON[:1]),
        ('multipart/related; type="image/jp2"', FRAMES),
        ("image/jls", FRAMES[:3]),
        ("*/*", []),
    ],
)
def test_nothing_acceptable_is_an_error(accept, offers):
    with pytest.raises(NotAcceptable):
        choose(parse_accept(accept), offers)


def test_the_error_lists_what_is_on_offer():
    with pytest.raises(NotAcceptable) as caught:
        choose(parse_accept("text/html"), FRAMES[:3])
    assert caught.value.offered == (
        f'multipart/related; type="application/octet-stream"; transfer-syntax={JLS}',
        f'multipart/related; type="application/octet-stream"; transfer-syntax={EXPLICIT}',
        f'multipart/related; type="image/jls"; transfer-syntax={JLS}',
    )
    assert all(text in str(caught.value) for text in caught.value.offered)


def test_the_content_type_of_a_representation_names_its_transfer_syntax():
    assert str(FRAMES[0].content_type) == f"application/octet-stream; transfer-syntax={JLS}"
    assert str(JSON[0].content_type) == "application/dicom+json"
