"""Hashes of passwords: argon2id is made, bcrypt of existing htpasswd files is understood too."""

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_ARGON2 = PasswordHasher()
_BCRYPT_BYTES = 72
"""Bytes of a password that bcrypt looks at."""

NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$Sc4oTknM3ZPKmeU3+z5X0w$TXrdGKhZNrH0c+4HDzt37lCqN3ZtvPxa3lNKcKzk7eE"
"""What the password of an unknown user is held against where there is no user at all: the hash of a random text that
nobody has kept. Not made anew, which every process would take a tenth of a second for as it begins."""


def hash_password(password: str) -> str:
    """A salted argon2id hash; takes about a tenth of a second and 64 MiB (RFC 9106)."""
    return _ARGON2.hash(password)


def is_password_hash(text: str) -> bool:
    """Whether this is a hash that ``matches`` understands."""
    return text.startswith(("$argon2id$", "$2a$", "$2b$", "$2y$"))


def matches(hashed: str, password: str) -> bool:
    """Whether a hash is that of a password; as slow as making the hash was."""
    if hashed.startswith("$2"):
        try:
            return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], hashed.encode())
        except ValueError:
            return False
    try:
        return _ARGON2.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
