"""Signed tokens: JWT (RFC 7519) as OpenID Connect providers issue them."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError, SecurityWarning
from joserfc.jws import JWSRegistry, extract_compact

from app.access.authenticators import BEARER_CHALLENGE
from app.access.credentials import BearerToken, Credentials
from app.access.errors import Expired
from app.access.key_sets import PublishedKeys
from app.access.principal import Principal
from app.access.scopes import AccessScope

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a private key alone. Never ``none``; never HS256, with which who knows a public key could sign."""


_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
"""Providers add header parameters of their own; those called critical must be understood all the same."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Which tokens count, and what their claims mean.

    ``scopes_claim`` is a path of names with dots between; its value is a list of words, or words with spaces between. A
    word is a scope itself, or one that ``scopes_of_role`` gives scopes. ``studies_claim`` names the studies that a
    token is limited to, where it has the claim. ``leeway`` is the difference of clocks, in seconds.
    """

    issuer: str
    audience: str
    name_claim: str
    scopes_claim: str
    scopes_of_role: Mapping[str, frozenset[AccessScope]]
    studies_claim: str | None
    leeway: int


class SignedTokenAuthenticator:
    """Bearer: tokens that somebody else signs."""

    challenges = (BEARER_CHALLENGE,)

    def __init__(self, keys: PublishedKeys, rules: TokenRules, now: Callable[[], float] = time.time) -> None:
        """``now`` gives the time in seconds since 1970."""
        self._keys = keys
        self._rules = rules
        self._now = now

    def state(self) -> object | None:
        """Always the same: a token holds until it expires."""
        return ()

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Check the signature, then the claims."""
        if not isinstance(credentials, BearerToken) or credentials.secret.count(".") != 2:
            return None
        try:
            return await self._verified(credentials.secret)
        except ExpiredTokenError as error:
            raise Expired("The token has expired") from error
        except (JoseError, ValueError, TypeError):
            return None

    async def _verified(self, token: str) -> Principal | None:
        header = extract_compact(token.encode()).headers()
        key = await self._keys.key(header.get("kid"))
        if key is None:
            return None
        with warnings.catch_warnings():
            # Providers still say EdDSA, the older name of Ed25519, and the library would warn of it each time.
            warnings.simplefilter("ignore", SecurityWarning)
            claims = jwt.decode(token, key, registry=_REGISTRY).claims
        self._registry().validate(claims)
        return self._principal(claims)

    def _registry(self) -> jwt.JWTClaimsRegistry:
        rules = self._rules
        return jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=rules.leeway,
            iss={"essential": True, "value": rules.issuer},
            aud={"essential": True, "value": rules.audience},
            exp={"essential": True},
        )

    def _principal(self, claims: Mapping[str, object]) -> Principal:
        rules = self._rules
        scopes: set[AccessScope] = set()
        for word in _words(_claim(claims, rules.scopes_claim)):
            scopes |= rules.scopes_of_role.get(word, frozenset())
            if word in set(AccessScope):
                scopes.add(AccessScope(word))
        named = None if rules.studies_claim is None else _claim(claims, rules.studies_claim)
        studies = None if named is None else frozenset(_words(named))
        name = str(_claim(claims, rules.name_claim) or "unnamed")
        return Principal(name, frozenset(scopes), studies, float(str(claims["exp"])) + rules.leeway)


def _claim(claims: Mapping[str, object], path: str) -> object:
    """The value at a path such as ``realm_access.roles``; a claim whose own name is the path goes before."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _words(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return value.split()
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else ()
