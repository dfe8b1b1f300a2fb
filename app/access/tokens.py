"""The file of tokens: what each allows, until when, and a digest instead of the token itself."""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.access.scopes import AccessScope
from app.access.secret_files import rewrite

_PREFIX = "fovea"
"""What a token begins with, so that people and scanners for leaked secrets know one when they see it."""

_SECRET_BYTES = 32


class Token(BaseModel):
    """What is known of a token. Times are in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    sha256: str = Field(repr=False)
    scopes: frozenset[AccessScope]
    studies: frozenset[str] | None = None
    created: float
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a new token is to allow."""

    scopes: frozenset[AccessScope]
    studies: frozenset[str] | None = None
    expires: float | None = None


Tokens = Mapping[str, Token]
"""Tokens by their digest."""

_FILE = TypeAdapter(list[Token])


class NoSuchToken(Exception):
    """No token has the id."""


def parse_tokens(text: str) -> Tokens:
    """The tokens of the file. Raises ValueError."""
    return {token.sha256: token for token in (_FILE.validate_json(text) if text else ())}


def digest(secret: str) -> str:
    """Under what a token is kept. A plain digest is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(path: Path, allowance: Allowance) -> str:
    """Add a token; the token itself, which is kept nowhere. Raises ValueError for a file that cannot be read."""
    token_id = secrets.token_hex(4)
    secret = f"{_PREFIX}_{token_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    token = Token(
        id=token_id,
        sha256=digest(secret),
        scopes=allowance.scopes,
        studies=allowance.studies,
        created=time.time(),
        expires=allowance.expires,
    )
    rewrite(path, lambda text: _format([*parse_tokens(text).values(), token]))
    return secret


def revoke_token(path: Path, token_id: str) -> None:
    """Remove a token. Raises NoSuchToken, ValueError."""

    def revoke(text: str) -> str:
        tokens = list(parse_tokens(text).values())
        left = [token for token in tokens if token.id != token_id]
        if len(left) == len(tokens):
            raise NoSuchToken(token_id)
        return _format(left)

    rewrite(path, revoke)


def _format(tokens: list[Token]) -> str:
    return _FILE.dump_json(tokens, indent=1, exclude_none=True).decode() + "\n"
