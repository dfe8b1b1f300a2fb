"""Hashes of passwords."""

from argon2 import PasswordHasher

from app.access.passwords import NOBODYS_HASH, hash_password, matches


def test_a_password_matches_its_hash_and_no_other() -> None:
    hashed = hash_password("correct horse")
    assert matches(hashed, "correct horse")
    assert not matches(hashed, "correct horsf")
    assert not matches(NOBODYS_HASH, "correct horse")


def test_it_takes_as_long_to_hold_a_password_against_nobodys_hash() -> None:
    assert not PasswordHasher().check_needs_rehash(NOBODYS_HASH)
