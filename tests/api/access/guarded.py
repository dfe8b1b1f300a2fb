"""A server that asks who somebody is, and the credentials that it knows."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from argon2 import PasswordHasher

from app.access.scopes import EVERYTHING, AccessScope
from app.access.tokens import Allowance, create_token
from app.settings import AuthSettings, Settings
from tests.api.in_process import InProcessClient, in_process
from tests.examples import ECG, NATIVE, example
from tests.multipart_requests import CONTENT_TYPE, store_body

PASSWORD = "correct horse: battery"  # with a colon, which ends the name, never the password

OURS, OTHERS = example(NATIVE), example(ECG)
"""The study that share tokens are for, and another one."""


@dataclass(frozen=True)
class Guarded:
    """The server, its data folder, and values of the Authorization header."""

    client: InProcessClient
    data: Path
    admin: str
    share: str
    """Everything, in the study OURS."""

    def ask(self, method: str, path: str, authorization: str | None = None, **headers: str) -> httpx.Response:
        """A request, with a body that is no instance where there must be one."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if authorization is not None:
            sent["Authorization"] = authorization
        return self.client.request(method, path, sent)

    def token(self, *scopes: AccessScope, studies: frozenset[str] | None = None, expires: float | None = None) -> str:
        """A new token, as Authorization."""
        return bearer(create_token(self.data / "tokens.json", Allowance(frozenset(scopes), studies, expires)))


@contextmanager
def guarded(data: Path, auth: AuthSettings | None = None, **settings: object) -> Iterator[Guarded]:
    """A server with the studies OURS and OTHERS that knows an administrator's token and a share token."""
    tokens = data / "tokens.json"
    admin = bearer(create_token(tokens, Allowance(EVERYTHING)))
    share = bearer(create_token(tokens, Allowance(EVERYTHING - {AccessScope.ADMIN}, frozenset({OURS.study}))))
    with in_process(Settings(data=data, auth=auth or AuthSettings(), **settings)) as client:
        body = store_body(source.path.read_bytes() for source in (OURS, OTHERS))
        answer = client.post("/studies", body, {"Content-Type": CONTENT_TYPE, "Authorization": admin})
        assert answer.status_code == 200
        yield Guarded(client, data, admin, share)


def bearer(token: str) -> str:
    """A token as Authorization."""
    return f"Bearer {token}"


def basic(user: str, password: str) -> str:
    """A user and a password as Authorization."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def secret(authorization: str) -> str:
    """The token in an Authorization."""
    return authorization.removeprefix("Bearer ")


@cache
def password_hash() -> str:
    """An argon2id hash of PASSWORD, made quick: the hash itself says how much work it is."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
