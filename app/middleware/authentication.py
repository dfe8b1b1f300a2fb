"""The gate that the settings describe."""

import time

from app.access.authenticators import Authenticator, TokenAuthenticator, UserAuthenticator
from app.access.gate import Gate
from app.access.secret_files import WatchedFile
from app.access.throttle import Throttle
from app.access.tokens import parse_tokens
from app.access.users import parse_user, parse_users
from app.settings import Settings, SignedTokenSettings


def open_gate(settings: Settings) -> Gate:
    """The authenticators in the order in which they are tried; none where nobody is to be asked."""
    auth = settings.auth
    throttle = Throttle(auth.failures_per_user, auth.failures_per_address, auth.failure_seconds)
    if auth.mode == "none":
        return Gate([], frozenset(), throttle, auth.remember_seconds)
    lines = (parse_user(line.get_secret_value()) for line in auth.users)
    users = UserAuthenticator(
        WatchedFile(settings.user_file, parse_users), {user.name: user for user in lines}, frozenset(auth.user_scopes)
    )
    authenticators: list[Authenticator] = [
        TokenAuthenticator(WatchedFile(settings.token_file, parse_tokens), time.time)
    ]
    if auth.jwt.keys:
        authenticators.append(_signed_tokens(auth.jwt.keys, auth.jwt))
    return Gate([*authenticators, users], frozenset(auth.anonymous), throttle, auth.remember_seconds)


def _signed_tokens(keys: str, settings: SignedTokenSettings) -> Authenticator:
    # Cryptography is loaded where it is needed: that takes longer than the rest of the start.
    from app.access.key_sets import PublishedKeys
    from app.access.signed_tokens import SignedTokenAuthenticator, TokenRules

    rules = TokenRules(
        issuer=settings.issuer,
        audience=settings.audience,
        name_claim=settings.name_claim,
        scopes_claim=settings.scopes_claim,
        scopes_of_role={role: frozenset(scopes) for role, scopes in settings.scopes_of_role.items()},
        studies_claim=settings.studies_claim,
        leeway=settings.leeway_seconds,
    )
    return SignedTokenAuthenticator(PublishedKeys(keys), rules)
