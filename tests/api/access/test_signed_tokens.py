"""Signed tokens of an OpenID Connect provider (RFC 7519, RFC 8725), whose keys come from a real endpoint."""

import base64
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from app.access import key_sets
from app.access.scopes import AccessScope
from app.settings import Settings
from tests.api.access.guarded import OTHERS, OURS, Guarded, basic, bearer, guarded
from tests.api.access.provider import AUDIENCE, ISSUER, Provider, new_key, provider
from tests.api.answers import assert_problem
from tests.api.in_process import in_process

pytestmark = pytest.mark.archive_in_folder("who may ask is decided before any store is")

KEYS = {name: new_key(name, name) for name in ("RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")}
RSA = KEYS["RS256"]


@pytest.fixture(scope="module")
def identity_provider() -> Iterator[Provider]:
    with provider(*KEYS.values()) as started:
        yield started


@pytest.fixture(scope="module")
def server(identity_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    auth = identity_provider.settings(
        scopes_of_role={"radiologist": [AccessScope.READ, AccessScope.WRITE]}, studies_claim="studies"
    ).model_copy(update={"failures_per_address": 10_000})
    with guarded(tmp_path_factory.mktemp("signed") / "data", auth) as started:
        yield started


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_signed_by_a_published_key_is_let_in(
    server: Guarded, identity_provider: Provider, algorithm: str
) -> None:
    token = identity_provider.token(KEYS[algorithm], algorithm)
    assert server.ask("GET", "/studies", bearer(token)).status_code == 200
    assert server.ask("GET", "/studies", basic("token", token)).status_code == 200
    assert_problem(server.ask("DELETE", "/studies/1.2", bearer(token)), 403)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "still another"]},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": int(time.time()) - 60},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_a_token_with_a_wrong_claim_is_not(
    server: Guarded, identity_provider: Provider, claims: dict[str, object]
) -> None:
    assert_problem(server.ask("GET", "/studies", bearer(identity_provider.token(RSA, "RS256", **claims))), 401)


def test_clocks_may_differ_a_little(server: Guarded, identity_provider: Provider) -> None:
    now = int(time.time())
    for claims in ({"exp": now - 1}, {"nbf": now + 3}):
        token = identity_provider.token(RSA, "RS256", **claims)
        assert server.ask("GET", "/studies", bearer(token)).status_code == 200


def test_an_audience_among_several_is_right(server: Guarded, identity_provider: Provider) -> None:
    token = identity_provider.token(RSA, "RS256", aud=["another", AUDIENCE])
    assert server.ask("GET", "/studies", bearer(token)).status_code == 200


def test_a_token_that_nobody_signed_is_not_let_in(server: Guarded, identity_provider: Provider) -> None:
    _, content, signature = identity_provider.token(RSA, "RS256").split(".")
    for algorithm in ("none", "None", "NONE", ""):
        header = _encoded({"alg": algorithm, "typ": "JWT"})
        for end in ("", signature):
            assert_problem(server.ask("GET", "/studies", bearer(f"{header}.{content}.{end}")), 401)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_secret_to_sign_with(server: Guarded, identity_provider: Provider, algorithm: str) -> None:
    """Key confusion: HMAC with the text of the public key, which anybody can read."""
    secrets = [RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()]
    for secret in secrets:
        content = identity_provider.token(RSA, "RS256").split(".")[1]
        signing = f"{_encoded({'alg': algorithm, 'kid': RSA.kid})}.{content}"
        signature = _hmac(secret, signing, algorithm)
        assert_problem(server.ask("GET", "/studies", bearer(f"{signing}.{signature}")), 401)


def test_a_key_that_the_token_itself_brings_does_not_count(server: Guarded, identity_provider: Provider) -> None:
    own = RSAKey.generate_key(2048, {"kid": RSA.kid})
    for header in ({"jwk": own.as_dict(private=False)}, {"jku": "https://evil.example/keys"}, {}):
        assert_problem(server.ask("GET", "/studies", bearer(identity_provider.token(own, "RS256", header))), 401)


def test_a_changed_token_is_not_let_in(server: Guarded, identity_provider: Provider) -> None:
    header, content, signature = identity_provider.token(RSA, "RS256").split(".")
    claims = json.loads(base64.urlsafe_b64decode(content + "=="))
    changed = _encoded(claims | {"scope": "admin"})
    assert_problem(server.ask("GET", "/studies", bearer(f"{header}.{changed}.{signature}")), 401)


def test_an_algorithm_of_another_kind_of_key_is_not_let_in(server: Guarded, identity_provider: Provider) -> None:
    _, content, signature = identity_provider.token(RSA, "RS256").split(".")
    header = _encoded({"alg": "ES256", "kid": "RS256"})
    assert_problem(server.ask("GET", "/studies", bearer(f"{header}.{content}.{signature}")), 401)


def test_a_critical_header_that_is_not_understood_is_refused(server: Guarded, identity_provider: Provider) -> None:
    header = _encoded({"alg": "RS256", "kid": "RS256", "crit": ["exotic"], "exotic": 1})
    _, content, signature = identity_provider.token(RSA, "RS256").split(".")
    assert_problem(server.ask("GET", "/studies", bearer(f"{header}.{content}.{signature}")), 401)


@pytest.mark.parametrize("scope", ["openid dicom:read", ["openid", "dicom:read"], "radiologist", ["radiologist"]])
def test_scopes_are_claimed_by_name_or_by_role(server: Guarded, identity_provider: Provider, scope: object) -> None:
    token = bearer(identity_provider.token(RSA, "RS256", scope=scope))
    assert server.ask("GET", "/studies", token).status_code == 200
    assert server.ask("POST", "/studies", token).status_code == (403 if "dicom:read" in str(scope) else 415)


@pytest.mark.parametrize("scope", [None, "", "openid", 7, {"dicom:read": True}])
def test_who_claims_no_scope_is_known_and_may_nothing(
    server: Guarded, identity_provider: Provider, scope: object
) -> None:
    token = identity_provider.token(RSA, "RS256", scope=scope)
    assert_problem(server.ask("GET", "/studies", bearer(token)), 403)


def test_a_token_may_claim_some_studies_only(server: Guarded, identity_provider: Provider) -> None:
    token = bearer(identity_provider.token(RSA, "RS256", studies=[OURS.study]))
    [row] = server.ask("GET", "/studies", token).json()
    assert row["0020000D"]["Value"] == [OURS.study]
    assert_problem(server.ask("GET", f"/studies/{OTHERS.study}/metadata", token), 404)


def test_roles_are_found_inside_other_claims(data_folder: Path, identity_provider: Provider) -> None:
    auth = identity_provider.settings(scopes_claim="realm_access.roles", scopes_of_role={"doctor": [AccessScope.READ]})
    token = identity_provider.token(RSA, "RS256", scope="admin", realm_access={"roles": ["doctor"]})
    with in_process(Settings(data=data_folder, auth=auth)) as client:
        assert client.get("/studies", authorization=bearer(token)).status_code == 200
        assert_problem(client.request("DELETE", "/studies/1.2", {"Authorization": bearer(token)}), 403)


def test_keys_are_fetched_once_for_many_tokens(data_folder: Path) -> None:
    with provider(RSA) as own, in_process(Settings(data=data_folder, auth=own.settings())) as client:
        for number in range(5):
            token = own.token(RSA, "RS256", jti=str(number))
            assert client.get("/studies", authorization=bearer(token)).status_code == 200
        assert own.fetched == 1


def test_a_new_key_is_taken_up_and_an_old_one_dropped(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "UNKNOWN_KEY_SECONDS", 0)
    old, new = new_key("ES256", "old"), new_key("ES256", "new")
    with provider(old) as own, in_process(Settings(data=data_folder, auth=own.settings())) as client:
        assert client.get("/studies", authorization=bearer(own.token(old, "ES256"))).status_code == 200
        own.published = [new]
        assert client.get("/studies", authorization=bearer(own.token(new, "ES256"))).status_code == 200
        assert_problem(client.get("/studies", authorization=bearer(own.token(old, "ES256", jti="2"))), 401)


def test_unknown_keys_do_not_make_us_ask_all_the_time(data_folder: Path) -> None:
    stranger = new_key("ES256", "stranger")
    with provider(RSA) as own, in_process(Settings(data=data_folder, auth=own.settings())) as client:
        for number in range(5):
            token = own.token(stranger, "ES256", jti=str(number))
            assert_problem(client.get("/studies", authorization=bearer(token)), 401)
        assert own.fetched == 1


def test_a_provider_that_does_not_answer_is_503_and_hinders_nobody_else(
    data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with provider(RSA) as own, guarded(data_folder, own.settings()) as server:
        own.status = 500
        token = bearer(own.token(RSA, "RS256"))
        with caplog.at_level(logging.CRITICAL):
            answer = server.ask("GET", "/studies", token)
        assert_problem(answer, 503)
        assert answer.headers["retry-after"]
        assert server.ask("GET", "/studies", server.admin).status_code == 200
        own.status = 200
        assert server.ask("GET", "/studies", token).status_code == 200


def test_keys_may_be_in_a_file(data_folder: Path, tmp_path: Path, identity_provider: Provider) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(identity_provider.document())
    auth = identity_provider.settings(keys=str(path))
    with in_process(Settings(data=data_folder, auth=auth)) as client:
        token = bearer(identity_provider.token(RSA, "RS256"))
        assert client.get("/studies", authorization=token).status_code == 200


def test_a_secret_key_among_published_ones_does_not_count(data_folder: Path) -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    header: dict[str, Any] = {"alg": "HS256", "kid": "secret"}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, "scope": "admin"}
    token = jwt.encode(header, claims, secret, algorithms=["HS256"])
    with provider(RSA) as own, in_process(Settings(data=data_folder, auth=own.settings())) as client:
        own.published.append(secret)
        assert_problem(client.get("/studies", authorization=bearer(token)), 401)


def test_an_expired_token_is_told_so_and_is_no_guess(server: Guarded, identity_provider: Provider) -> None:
    token = bearer(identity_provider.token(RSA, "RS256", exp=int(time.time()) - 60))
    answer = server.ask("GET", "/studies", token)
    assert_problem(answer, 401, "expired")


def test_keys_without_an_issuer_and_an_audience_are_refused() -> None:
    with pytest.raises(ValueError, match="FOVEA_AUTH__JWT__ISSUER"):
        Provider(url="https://login.example/keys").settings(issuer="")


def _encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _hmac(secret: bytes, text: str, algorithm: str) -> str:
    import hmac

    digest = hmac.digest(secret, text.encode(), f"sha{algorithm[2:]}")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
