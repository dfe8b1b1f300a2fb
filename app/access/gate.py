"""The gate: who shows which credentials, remembered for a short time, since checking a password is slow on purpose."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.access.authenticators import BEARER_CHALLENGE, Authenticator
from app.access.credentials import BearerToken, Credentials, Password, parse_authorization
from app.access.errors import Expired, Forbidden, KeysUnavailable, Unauthenticated
from app.access.principal import ANONYMOUS, EVERYBODY, Principal
from app.access.scopes import AccessScope
from app.access.throttle import Throttle
from storage.cache import RecentlyUsed

REMEMBERED = 4096
"""Credentials whose principal is remembered."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    until: float
    states: tuple[object, ...]


class Gate:
    """Tries authenticators in order. Open to everybody as long as none is configured and nothing is said of anonymous.

    Headers are remembered under a digest whose key this process alone has, never themselves.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        anonymous: frozenset[AccessScope],
        throttle: Throttle,
        remember_seconds: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``anonymous`` are the scopes of who shows no credentials, ``now`` gives the time in seconds since 1970."""
        self._authenticators = authenticators
        self._anonymous = Principal(ANONYMOUS, anonymous)
        self._throttle = throttle
        self._remember_seconds = remember_seconds
        self._now = now
        self._key = secrets.token_bytes(32)
        self._remembered: RecentlyUsed[bytes, _Remembered] = RecentlyUsed(REMEMBERED)
        self._identifying: dict[tuple[bytes, str], asyncio.Task[Principal]] = {}
        self._closed = False
        self.asks_everybody()

    def asks_everybody(self) -> bool:
        """Whether nobody gets anywhere without credentials."""
        self._states()
        return self._closed and not self._anonymous.scopes

    def asks_nobody(self) -> bool:
        """Whether everybody may do everything."""
        self._states()
        return not self._closed and not self._anonymous.scopes

    async def admit(self, authorization: bytes | None, address: str) -> Principal:
        """Who sends a request with this Authorization header from this address.

        Raises Unauthenticated, TooManyFailures, KeysUnavailable.
        """
        states = self._states()
        if not self._closed:
            # Nobody is asked, so whatever is shown is not looked at.
            return self._anonymous if self._anonymous.scopes else EVERYBODY
        if authorization is None:
            return self._without_credentials()
        digest = hashlib.blake2b(authorization, digest_size=16, key=self._key).digest()
        known = self._remembered.get(digest)
        if known is not None and known.states == states and self._now() < known.until:
            return known.principal
        credentials = parse_authorization(authorization)
        if credentials is None:
            return self._without_credentials()
        return await self._identify_once(digest, credentials, address)

    def require(self, principal: Principal, scope: AccessScope) -> None:
        """Raises Forbidden, or Unauthenticated where credentials could help, for a scope that is not theirs."""
        if principal.may(scope):
            return
        if principal is self._anonymous and self._closed:
            raise self._refusal("Credentials are required")
        raise Forbidden(f"The scope {scope} is required")

    def _states(self) -> tuple[object, ...]:
        """The states of all authenticators. A gate once closed stays closed, even if its files are gone."""
        states = tuple(each.state() for each in self._authenticators)
        self._closed = self._closed or any(state is not None for state in states)
        return states

    def _without_credentials(self) -> Principal:
        if self._anonymous.scopes:
            return self._anonymous
        raise self._refusal("Credentials are required")

    async def _identify_once(self, digest: bytes, credentials: Credentials, address: str) -> Principal:
        """A viewer's first dozen requests come at the same time: their credentials are checked once."""
        key = digest, address
        task = self._identifying.get(key)
        if task is None:
            task = asyncio.create_task(self._identify(digest, credentials, address))
            self._identifying[key] = task
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(task)

    def _end(self, key: tuple[bytes, str], done: asyncio.Task[Principal]) -> None:
        del self._identifying[key]
        if not done.cancelled():
            done.exception()  # looked at here, for the client that would be told may have gone

    async def _identify(self, digest: bytes, credentials: Credentials, address: str) -> Principal:
        user = credentials.user if isinstance(credentials, Password) else None
        states = self._states()
        self._throttle.attempt(address, user)
        try:
            principal = await self._authenticate(credentials)
        except (Expired, KeysUnavailable) as error:
            self._throttle.forgive(address, user)
            raise (self._refusal(str(error), credentials) if isinstance(error, Expired) else error) from error
        if principal is None:
            raise self._refusal("The credentials are wrong", credentials)
        self._throttle.forgive(address, user)
        until = self._now() + self._remember_seconds
        if principal.expires is not None:
            until = min(until, principal.expires)
        self._remembered.put(digest, _Remembered(principal, until, states))
        return principal

    async def _authenticate(self, credentials: Credentials) -> Principal | None:
        for authenticator in self._authenticators:
            if (principal := await authenticator.authenticate(credentials)) is not None:
                return principal
        return None

    def _refusal(self, message: str, shown: Credentials | None = None) -> Unauthenticated:
        """What asks for credentials of each configured kind; after a wrong token, RFC 6750 3.1 has this said too."""
        configured = (each for each in self._authenticators if each.state() is not None)
        challenges = list(dict.fromkeys(challenge for each in configured for challenge in each.challenges))
        if isinstance(shown, BearerToken):
            challenges = [f'{each}, error="invalid_token"' if each == BEARER_CHALLENGE else each for each in challenges]
        return Unauthenticated(message, challenges)
