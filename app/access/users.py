"""The file of users: one ``name:hash`` a line as htpasswd writes it, with an optional third field for scopes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.access.credentials import TOKEN_USER
from app.access.passwords import hash_password, is_password_hash
from app.access.scopes import AccessScope, parse_scopes
from app.access.secret_files import rewrite


@dataclass(frozen=True, slots=True)
class User:
    """A user. ``scopes`` is None where their line names none."""

    name: str
    password_hash: str = field(repr=False)
    scopes: frozenset[AccessScope] | None = None

    def line(self) -> str:
        """The line of the file."""
        scopes = "" if self.scopes is None else f":{' '.join(sorted(self.scopes))}"
        return f"{self.name}:{self.password_hash}{scopes}"


Users = Mapping[str, User]


class NoSuchUser(Exception):
    """No user has the name."""


class UserExists(Exception):
    """A user of this name is there already."""


def parse_users(text: str) -> Users:
    """Users by their names; empty lines and comments are left out. Raises ValueError."""
    lines = (line.strip() for line in text.splitlines())
    users = [parse_user(line) for line in lines if line and not line.startswith("#")]
    return {user.name: user for user in users}


def parse_user(line: str) -> User:
    """The user of one line. Raises ValueError, which never holds the hash."""
    name, _, rest = line.partition(":")
    hashed, colon, scopes = rest.partition(":")
    check_name(name)
    if not is_password_hash(hashed):
        raise ValueError(f"the password of {name!r} is not an argon2id or bcrypt hash; `fovea user add` makes one")
    return User(name, hashed, parse_scopes(scopes.split()) if colon else None)


def check_name(name: str) -> None:
    """Raise ValueError for what cannot be the name of a user."""
    if not name.isprintable() or not name.strip() or ":" in name or name.startswith("#"):
        raise ValueError(f"{name!r} cannot be the name of a user")
    if name == TOKEN_USER:
        raise ValueError(f"a user cannot be called {TOKEN_USER!r}: under that name clients show tokens as passwords")


def add_user(path: Path, name: str, password: str, scopes: Iterable[AccessScope]) -> None:
    """Add a user. Raises UserExists, ValueError."""
    check_name(name)
    user = User(name, hash_password(password), frozenset(scopes))

    def add(text: str) -> str:
        users = parse_users(text)
        if name in users:
            raise UserExists(name)
        return _format({**users, name: user})

    rewrite(path, add)


def change_password(path: Path, name: str, password: str) -> None:
    """Give a user a new password. Raises NoSuchUser, ValueError."""
    hashed = hash_password(password)

    def change(text: str) -> str:
        users = parse_users(text)
        if name not in users:
            raise NoSuchUser(name)
        return _format({**users, name: User(name, hashed, users[name].scopes)})

    rewrite(path, change)


def remove_user(path: Path, name: str) -> None:
    """Remove a user. Raises NoSuchUser, ValueError."""

    def remove(text: str) -> str:
        users = parse_users(text)
        if name not in users:
            raise NoSuchUser(name)
        return _format({other: user for other, user in users.items() if other != name})

    rewrite(path, remove)


def _format(users: Users) -> str:
    return "".join(f"{user.line()}\n" for user in users.values())
