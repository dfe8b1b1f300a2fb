"""Authenticators: each tells who shows credentials, if it knows them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from app.access.credentials import BearerToken, Credentials, Password
from app.access.errors import Expired
from app.access.passwords import NOBODYS_HASH, matches
from app.access.principal import Principal
from app.access.scopes import AccessScope
from app.access.secret_files import WatchedFile
from app.access.tokens import Tokens, digest
from app.access.users import Users
from app.workers import run_cpu

BASIC_CHALLENGE = 'Basic realm="Fovea", charset="UTF-8"'
BEARER_CHALLENGE = 'Bearer realm="Fovea"'


class Authenticator(Protocol):
    """One kind of credentials."""

    @property
    def challenges(self) -> Sequence[str]:
        """How clients are asked for them (RFC 9110 11.6.1)."""

    def state(self) -> object | None:
        """What changes when credentials accepted before may be accepted no more; None while nothing is configured."""

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Who shows these; None when they are wrong, or not of this kind.

        Raises Expired for what was right once, KeysUnavailable when that cannot be told at the moment.
        """


class UserAuthenticator:
    """Basic: users of a file, and of the settings."""

    challenges = (BASIC_CHALLENGE,)

    def __init__(self, file: WatchedFile[Users], settings: Users, scopes: frozenset[AccessScope]) -> None:
        """``scopes`` are those of users whose line names none."""
        self._file = file
        self._settings = settings
        self._scopes = scopes

    def state(self) -> object | None:
        """The state of the file; users of the settings stay as they are."""
        return self._file.signature() or (() if self._settings else None)

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Hold the password against the hash.

        That of an unknown user is held against the hash of another, so that the time taken tells nobody who exists.
        """
        if not isinstance(credentials, Password):
            return None
        users = {**self._file.content(), **self._settings}
        user = users.get(credentials.user)
        known = user or next(iter(users.values()), None)
        hashed = known.password_hash if known else NOBODYS_HASH
        if not await run_cpu(matches, hashed, credentials.secret) or user is None:
            return None
        return Principal(user.name, self._scopes if user.scopes is None else user.scopes)


class TokenAuthenticator:
    """Bearer: tokens of a file; also as the password of a user called token, for who knows Basic only."""

    challenges = (BEARER_CHALLENGE, BASIC_CHALLENGE)

    def __init__(self, file: WatchedFile[Tokens], now: Callable[[], float]) -> None:
        """``now`` gives the time in seconds since 1970."""
        self._file = file
        self._now = now

    def state(self) -> object | None:
        """The state of the file."""
        return self._file.signature()

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Look the token up by its digest, which tells a guesser nothing about how near the guess was."""
        if not isinstance(credentials, BearerToken):
            return None
        token = self._file.content().get(digest(credentials.secret))
        if token is None:
            return None
        if token.expires is not None and token.expires <= self._now():
            raise Expired("The token has expired")
        return Principal(f"token {token.id}", token.scopes, token.studies, token.expires)
