"""The Authorization header as clients send it."""

import base64

import pytest

from app.access.credentials import BearerToken, Credentials, Password, parse_authorization


def _basic(text: str, encoding: str = "utf-8") -> bytes:
    return b"Basic " + base64.b64encode(text.encode(encoding))


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        # The example of RFC 7617 2.
        (b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Password("Aladdin", "open sesame")),
        # The example of RFC 7617 2.1, with a pound sign in UTF-8.
        (b"Basic dGVzdDoxMjPCow==", Password("test", "123\N{POUND SIGN}")),
        (_basic("test:123\N{POUND SIGN}", "latin-1"), Password("test", "123\N{POUND SIGN}")),
        (b"  basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", Password("Aladdin", "open sesame")),
        (_basic("user:with:colons"), Password("user", "with:colons")),
        (_basic(":"), Password("", "")),
        # The example of RFC 6750 2.1.
        (b"Bearer mF_9.B5f-4.1JqM", BearerToken("mF_9.B5f-4.1JqM")),
        (_basic("token:mF_9"), BearerToken("mF_9")),
        (b"Bearer None", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (_basic("token:"), None),
        (_basic("nocolon"), None),
        (b"Basic !!!", None),
        (b"Basic", None),
        (b"Digest username=x", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_credentials_are_read(header: bytes, credentials: Credentials | None) -> None:
    assert parse_authorization(header) == credentials


@pytest.mark.parametrize("credentials", [Password("alice", "hidden"), BearerToken("hidden")])
def test_credentials_do_not_show_in_a_log(credentials: Credentials) -> None:
    assert "hidden" not in repr(credentials)
