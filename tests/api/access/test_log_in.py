"""Users with passwords, tokens, nobody: who gets in, and how often one may try."""

import asyncio
import time
from pathlib import Path

import bcrypt
import pytest

from app.access import authenticators
from app.access.passwords import matches
from app.access.scopes import AccessScope
from app.access.tokens import revoke_token
from app.access.users import add_user, change_password, remove_user
from app.settings import AuthSettings, Settings
from tests.api.access.guarded import OURS, PASSWORD, Guarded, basic, bearer, guarded, password_hash, secret
from tests.api.answers import assert_problem
from tests.api.in_process import PlannedRequest, in_process

pytestmark = pytest.mark.archive_in_folder("who may ask is decided before any store is")

READ = AccessScope.READ
ALICE = basic("alice", PASSWORD)


def test_the_right_password_is_let_in(server: Guarded) -> None:
    assert server.ask("GET", "/studies", ALICE).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        basic("alice", "wrong"),
        basic("alice", ""),
        basic("bob", PASSWORD),
        basic("", PASSWORD),
        basic("Alice", PASSWORD),
        "Basic YWxpY2U=",
        "Basic",
        "Basic ====",
        "Bearer",
        bearer(PASSWORD),
        bearer("a.b.c"),
        "Negotiate abc",
    ],
)
def test_anything_else_is_not_and_is_asked_for_credentials(server: Guarded, authorization: str) -> None:
    answer = server.ask("GET", "/studies", authorization)
    assert_problem(answer, 401)
    kinds = [challenge.split()[0] for challenge in answer.headers.get_list("www-authenticate")]
    assert sorted(kinds) == ["Basic", "Bearer"]
    assert PASSWORD not in answer.text


def test_after_a_wrong_token_the_challenge_says_so(server: Guarded) -> None:
    answer = server.ask("GET", "/studies", bearer("wrong"))
    assert 'Bearer realm="Fovea", error="invalid_token"' in answer.headers.get_list("www-authenticate")


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_scheme_is_read_in_any_case(server: Guarded, scheme: str) -> None:
    assert server.ask("GET", "/studies", ALICE.replace("Basic", scheme)).status_code == 200


def test_a_password_that_is_not_ascii_is_read_in_utf8_and_latin_1(server: Guarded) -> None:
    add_user(server.data / "users.htpasswd", "jörg", "Größe", [READ])
    assert server.ask("GET", "/studies", basic("jörg", "Größe")).status_code == 200
    assert server.ask("GET", "/studies", "Basic avZyZzpHcvbfZQ==").status_code == 200


def test_a_hash_of_htpasswd_is_understood(data_folder: Path) -> None:
    line = f"carol:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}"
    with guarded(data_folder, AuthSettings(users=[line])) as server:
        assert server.ask("GET", "/studies", basic("carol", PASSWORD)).status_code == 200
        assert_problem(server.ask("GET", "/studies", basic("carol", "wrong")), 401)


def test_a_password_is_hashed_once_for_many_requests(server: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def count(hashed: str, password: str) -> bool:
        checked.append(password)
        return matches(hashed, password)

    monkeypatch.setattr(authenticators, "matches", count)
    answers = server.client.together([PlannedRequest("GET", "/studies", {"Authorization": ALICE})] * 20)
    answers += [server.ask("GET", "/studies", ALICE) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert checked == [PASSWORD]


def test_an_unknown_user_takes_the_same_work_as_a_known_one(server: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(authenticators, "matches", lambda hashed, _: bool(checked.append(hashed)))
    for user in ("alice", "nobody"):
        assert_problem(server.ask("GET", "/studies", basic(user, "wrong")), 401)
    assert checked == [password_hash()] * 2


def test_users_come_change_and_go_without_a_restart(server: Guarded) -> None:
    users = server.data / "users.htpasswd"
    old, new = basic("bob", "old"), basic("bob", "new")
    add_user(users, "bob", "old", [READ])
    assert server.ask("GET", "/studies", old).status_code == 200
    change_password(users, "bob", "new")
    assert_problem(server.ask("GET", "/studies", old), 401)
    assert server.ask("GET", "/studies", new).status_code == 200
    assert_problem(server.ask("DELETE", "/studies/1.2", new), 403)
    remove_user(users, "bob")
    assert_problem(server.ask("GET", "/studies", new), 401)


def test_a_user_file_spoilt_by_hand_leaves_everybody_as_they_were(server: Guarded) -> None:
    users = server.data / "users.htpasswd"
    add_user(users, "bob", "old", [READ])
    assert server.ask("GET", "/studies", basic("bob", "old")).status_code == 200
    users.write_text("bob:plain text\n")
    assert server.ask("GET", "/studies", basic("bob", "old")).status_code == 200


def test_a_token_is_revoked_without_a_restart(server: Guarded) -> None:
    token = server.token(READ)
    assert server.ask("GET", "/studies", token).status_code == 200
    revoke_token(server.data / "tokens.json", secret(token).split("_")[1])
    assert_problem(server.ask("GET", "/studies", token), 401)


def test_a_token_expires_also_when_it_is_remembered(server: Guarded) -> None:
    token = server.token(READ, expires=time.time() + 0.5)
    assert server.ask("GET", "/studies", token).status_code == 200
    deadline = time.monotonic() + 5
    while (answer := server.ask("GET", "/studies", token)).status_code == 200:
        assert time.monotonic() < deadline
    assert_problem(answer, 401, "expired")


def test_the_files_hold_no_secret_and_are_for_their_owner(server: Guarded) -> None:
    token = server.token(READ)
    add_user(server.data / "users.htpasswd", "bob", "secret-of-bob", [READ])
    for name in ("tokens.json", "users.htpasswd"):
        path = server.data / name
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text()
        assert "secret-of-bob" not in text
        assert secret(token) not in text
        assert secret(token).rpartition("_")[2] not in text


def test_who_guesses_at_a_user_is_stopped_and_others_are_not(data_folder: Path) -> None:
    auth = AuthSettings(users=[f"alice:{password_hash()}", f"bob:{password_hash()}"], failures_per_user=3)
    with guarded(data_folder, auth) as server:
        for number in range(3):
            assert_problem(server.ask("GET", "/studies", basic("alice", f"guess {number}")), 401)
        answer = server.ask("GET", "/studies", basic("alice", "guess 4"))
        assert_problem(answer, 429)
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert_problem(server.ask("GET", "/studies", ALICE), 429)
        assert server.ask("GET", "/studies", basic("bob", PASSWORD)).status_code == 200
        assert server.ask("GET", "/studies", server.admin).status_code == 200


def test_who_guesses_is_no_hindrance_to_who_is_in(data_folder: Path) -> None:
    auth = AuthSettings(users=[f"alice:{password_hash()}"], failures_per_user=1)
    with guarded(data_folder, auth) as server:
        assert server.ask("GET", "/studies", ALICE).status_code == 200
        assert_problem(server.ask("GET", "/studies", basic("alice", "guess")), 401)
        assert_problem(server.ask("GET", "/studies", basic("alice", "guess")), 429)
        assert server.ask("GET", "/studies", ALICE).status_code == 200


def test_guesses_at_the_same_time_are_no_way_around(data_folder: Path) -> None:
    auth = AuthSettings(users=[f"alice:{password_hash()}"], failures_per_user=3)
    with guarded(data_folder, auth) as server:
        guesses = [PlannedRequest("GET", "/studies", {"Authorization": basic("alice", str(n))}) for n in range(8)]
        statuses = sorted(answer.status_code for answer in server.client.together(guesses))
    assert statuses == [401] * 3 + [429] * 5


def test_everybody_may_what_anonymous_may(data_folder: Path) -> None:
    with guarded(data_folder, AuthSettings(anonymous=[READ])) as server:
        assert server.ask("GET", f"/studies/{OURS.study}/metadata").status_code == 200
        # What the command line of dicomweb-client sends without a token.
        assert server.ask("GET", "/studies", "Bearer None").status_code == 200
        assert_problem(server.ask("DELETE", f"/studies/{OURS.study}"), 401)
        assert_problem(server.ask("GET", "/studies", bearer("wrong")), 401)
        assert server.ask("DELETE", "/studies/1.2", server.admin).status_code == 404


def test_a_public_archive_without_any_user_lets_nobody_write(data_folder: Path) -> None:
    with in_process(Settings(data=data_folder, host="0.0.0.0", auth=AuthSettings(anonymous=[READ]))) as client:
        assert client.get("/studies").json() == []
        assert_problem(client.request("DELETE", "/studies/1.2"), 403)


def test_an_open_server_looks_at_no_credentials(data_folder: Path) -> None:
    with in_process(Settings(data=data_folder)) as client:
        for authorization in ("Bearer None", "Bearer wrong", ALICE, "nonsense"):
            assert client.get("/studies", authorization=authorization).status_code == 200


def test_an_open_server_closes_with_the_first_user_and_stays_closed(data_folder: Path) -> None:
    with in_process(Settings(data=data_folder)) as client:
        assert client.get("/studies").status_code == 200
        add_user(data_folder / "users.htpasswd", "bob", "password", [READ])
        assert_problem(client.get("/studies"), 401)
        assert client.get("/studies", authorization=basic("bob", "password")).status_code == 200
        (data_folder / "users.htpasswd").unlink()
        assert_problem(client.get("/studies"), 401)


def test_mode_none_asks_nobody_although_there_are_users(data_folder: Path) -> None:
    add_user(data_folder / "users.htpasswd", "bob", "password", [READ])
    with in_process(Settings(data=data_folder, auth=AuthSettings(mode="none"))) as client:
        assert client.get("/studies").status_code == 200


def test_a_client_that_goes_away_while_its_password_is_checked_leaves_the_others_alone(server: Guarded) -> None:
    async def give_up() -> None:
        first = asyncio.create_task(server.client._client.get("/studies", headers={"Authorization": ALICE}))
        second = asyncio.create_task(server.client._client.get("/studies", headers={"Authorization": ALICE}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).status_code == 200

    server.client._runner.run(give_up())


@pytest.mark.parametrize(
    "line", ["alice", "alice:", "alice:password", "alice:{SHA}abc", "alice:$apr1$abc", "token:$2b$04$abc"]
)
def test_a_line_of_settings_that_is_no_user_is_refused_without_being_told(line: str) -> None:
    with pytest.raises(ValueError, match=r"argon2id|called 'token'") as error:
        AuthSettings(users=[line])
    assert "apr1" not in str(error.value)
    assert "$2b$" not in str(error.value)
