"""``fovea user`` and ``fovea token``, as people and scripts call them."""

import re
from pathlib import Path

import pytest
import requests

from app.settings import Settings
from tests.command_line import fovea
from tests.live_server import live_server


def test_a_user_logs_in_until_removed(data_folder: Path) -> None:
    with live_server(data_folder, workers=2) as server:
        assert requests.get(f"{server.root}/studies", timeout=5).ok
        _run("user", "add", "alice", data=data_folder, given="first\n")
        assert requests.get(f"{server.root}/studies", timeout=5).status_code == 401
        assert requests.get(f"{server.root}/studies", auth=("alice", "first"), timeout=5).ok
        _run("user", "passwd", "alice", data=data_folder, given="second\n")
        assert requests.get(f"{server.root}/studies", auth=("alice", "first"), timeout=5).status_code == 401
        assert requests.get(f"{server.root}/studies", auth=("alice", "second"), timeout=5).ok
        assert _run("user", "list", data=data_folder).split() == ["alice", "dicom:delete", "dicom:read", "dicom:write"]
        _run("user", "remove", "alice", data=data_folder)
        assert requests.get(f"{server.root}/studies", auth=("alice", "second"), timeout=5).status_code == 401
    assert "second" not in server.log.read_text()


def test_a_token_is_shown_once_and_holds_until_revoked(data_folder: Path) -> None:
    token = _run("token", "create", "--scope", "dicom:read", "--expires", "30d", data=data_folder).splitlines()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with live_server(data_folder, workers=2) as server:
        assert requests.get(f"{server.root}/studies", headers=headers, timeout=5).ok
        assert requests.get(f"{server.root}/studies", auth=("token", token), timeout=5).ok
        assert requests.delete(f"{server.root}/studies/1.2", headers=headers, timeout=5).status_code == 403
        listed = _run("token", "list", data=data_folder)
        assert token not in listed
        assert re.search(r"dicom:read\texpires 2\d{3}-", listed)
        _run("token", "revoke", listed.split()[0], data=data_folder)
        assert requests.get(f"{server.root}/studies", headers=headers, timeout=5).status_code == 401


def test_a_token_may_be_for_several_scopes_and_studies(data_folder: Path) -> None:
    options = ("--scope", "dicom:read", "--scope", "dicom:write", "--study", "1.2.3", "--study", "1.2.4")
    _run("token", "create", *options, data=data_folder)
    assert "dicom:read dicom:write\texpires never\tstudies 1.2.3 1.2.4" in _run("token", "list", data=data_folder)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("user", "add", "alice"), "already"),
        (("user", "add", "token"), "'token'"),
        (("user", "add", "a:b"), "cannot be the name"),
        (("user", "passwd", "bob"), "no user bob"),
        (("user", "remove", "bob"), "no user bob"),
        (("user", "add", "bob", "--scope", "dicom:everything"), "dicom:everything"),
        (("token", "revoke", "0000"), "no token 0000"),
        (("token", "create", "--scope", "all"), "all"),
        (("token", "create"), "--scope"),
        (("token", "create", "--scope", "dicom:read", "--expires", "soon"), "soon"),
        (("token", "create", "--scope", "dicom:read", "--study", "../1"), "../1"),
    ],
)
def test_what_cannot_be_is_explained(data_folder: Path, arguments: tuple[str, ...], told: str) -> None:
    if "already" in told:
        _run("user", "add", "alice", data=data_folder, given="first\n")
    done = fovea(*arguments, "--data", str(data_folder), given="password\n")
    assert done.exit_code in {1, 2}
    assert told in done.stderr


def test_an_empty_password_is_none(data_folder: Path) -> None:
    assert fovea("user", "add", "alice", "--data", str(data_folder), given="\n").exit_code == 1
    assert not (data_folder / "users.htpasswd").exists()


def test_with_a_user_the_server_may_listen_on_any_address(data_folder: Path) -> None:
    _run("user", "add", "alice", data=data_folder, given="first\n")
    assert Settings(host="0.0.0.0", data=data_folder).host == "0.0.0.0"


def _run(*arguments: str, data: Path, given: str = "") -> str:
    done = fovea(*arguments, "--data", str(data), given=given)
    assert done.exit_code == 0, done.stderr
    return done.stdout
