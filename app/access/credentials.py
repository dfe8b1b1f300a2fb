"""The Authorization header (RFC 9110 11.6.2): Basic (RFC 7617) and Bearer (RFC 6750)."""

import base64
import binascii
from dataclasses import dataclass, field

TOKEN_USER = "token"  # noqa: S105  the name of a user
"""Who shows a token as a password, for clients that know Basic only (as Kheops has it)."""

NO_TOKEN = {"", "None", "null", "undefined"}
"""What clients send that were given no token: dicomweb_client on the command line says ``Bearer None``."""


@dataclass(frozen=True, slots=True)
class Password:
    """A user and a password."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token."""

    secret: str = field(repr=False)


Credentials = Password | BearerToken


def parse_authorization(header: bytes) -> Credentials | None:
    """The credentials that a header holds; None for none, for another scheme, and for what cannot be read."""
    scheme, _, value = header.decode("latin-1").strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return _token(value.strip())
        case "basic":
            return _user_and_password(value.strip())
    return None


def _token(value: str) -> BearerToken | None:
    return None if value in NO_TOKEN else BearerToken(value)


def _user_and_password(value: str) -> Credentials | None:
    try:
        decoded = base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        # Clients older than RFC 7617 3 send Latin-1.
        text = decoded.decode("latin-1")
    user, colon, secret = text.partition(":")
    if not colon:
        return None
    return _token(secret) if user == TOKEN_USER else Password(user, secret)
