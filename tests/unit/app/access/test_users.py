"""The file of users."""

import pytest

from app.access.passwords import hash_password, matches
from app.access.scopes import AccessScope
from app.access.users import User, parse_users

BCRYPT = "$2b$04$s557FI9L7gg.oe5kl5EO.e17KWPKw19Ih4.KeyouhmIp6ZMw1KbeO"
ARGON2 = "$argon2id$v=19$m=64,t=1,p=1$4zdcx52QrNBVMxuy47+u0A$UxTixg9eokKpCVh767ezVAlL57Q1bASfwMbyT7AUPRw"
"""Hashes of ``secret``, made by the libraries, with little work."""


@pytest.mark.parametrize("hashed", [BCRYPT, BCRYPT.replace("$2b$", "$2y$"), ARGON2])
def test_hashes_of_both_kinds_are_held_against_a_password(hashed: str) -> None:
    assert matches(hashed, "secret")
    assert not matches(hashed, "Secret")
    assert not matches(hashed, "")


@pytest.mark.parametrize("hashed", ["$2b$04$broken", "$argon2id$broken", "", "secret"])
def test_a_broken_hash_is_that_of_no_password(hashed: str) -> None:
    assert not matches(hashed, "secret")


def test_a_new_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password("secret"), hash_password("secret")
    assert first.startswith("$argon2id$")
    assert first != second
    assert matches(first, "secret")


def test_a_file_holds_users_comments_and_empty_lines() -> None:
    text = f"# ours\n\nalice:{BCRYPT}\n  bob:{ARGON2}:dicom:read metrics:read \njörg:{ARGON2}:\n"
    assert parse_users(text) == {
        "alice": User("alice", BCRYPT),
        "bob": User("bob", ARGON2, frozenset({AccessScope.READ, AccessScope.METRICS})),
        "jörg": User("jörg", ARGON2, frozenset()),
    }


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_line_is_written_as_it_is_read(name: str) -> None:
    users = parse_users(f"alice:{BCRYPT}\nbob:{ARGON2}:dicom:read metrics:read\n")
    assert parse_users(users[name].line()) == {name: users[name]}


@pytest.mark.parametrize("line", ["alice", "alice:secret", f":{BCRYPT}", f"token:{BCRYPT}", f"a:{BCRYPT}:dicom:all"])
def test_a_line_that_is_no_user_is_refused_without_its_hash(line: str) -> None:
    with pytest.raises(ValueError, match=r"hash|name|'token'|scope") as error:
        parse_users(line)
    assert BCRYPT not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_user_does_not_show_the_hash_in_a_log() -> None:
    assert BCRYPT not in repr(User("alice", BCRYPT))
