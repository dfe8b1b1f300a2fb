"""The command line for those who may use the server: ``fovea user``, ``fovea token``.

What is changed counts at once, also for servers that are running.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from app.access.scopes import DICOM_SCOPES, AccessScope
from app.settings import Settings

user = typer.Typer(help="Users, who log in with a password.", no_args_is_help=True)
token = typer.Typer(help="Tokens, for programs and for links to studies.", no_args_is_help=True)

DataFolder = Annotated[Path | None, typer.Option(help="The folder of the archive. [default: data]")]
Name = Annotated[str, typer.Argument(help="The name to log in with.")]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_MAX_UID = 64


@user.command("add")
def add(
    name: Name,
    scope: Annotated[list[AccessScope], typer.Option(help="What the user may; repeatable.")] = sorted(DICOM_SCOPES),  # noqa: B008
    data: DataFolder = None,
) -> None:
    """Add a user. The password is asked for twice, or read as a line of standard input."""
    from app.access.users import add_user, check_name

    path = _settings(data).user_file
    with _explained():
        check_name(name)
        add_user(path, name, _new_password(), scope)


@user.command("passwd")
def passwd(name: Name, data: DataFolder = None) -> None:
    """Change the password of a user."""
    from app.access.users import change_password

    with _explained():
        change_password(_settings(data).user_file, name, _new_password())


@user.command("remove")
def remove(name: Name, data: DataFolder = None) -> None:
    """Remove a user."""
    from app.access.users import remove_user

    with _explained():
        remove_user(_settings(data).user_file, name)


@user.command("list")
def list_users(data: DataFolder = None) -> None:
    """List the users of the file, with their scopes."""
    from app.access.secret_files import read_file
    from app.access.users import parse_users

    settings = _settings(data)
    with _explained():
        for each in read_file(settings.user_file, parse_users).values():
            scopes = settings.auth.user_scopes if each.scopes is None else each.scopes
            typer.echo(f"{each.name}\t{' '.join(sorted(scopes))}")


@token.command("create")
def create(
    scope: Annotated[list[AccessScope], typer.Option(help="What the token allows; repeatable.")],
    study: Annotated[list[str] | None, typer.Option(help="A StudyInstanceUID to limit it to; repeatable.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="For how long it holds, such as 12h or 30d. [default: ever]")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Make a token, which is the last line printed. It is shown this once: a digest is all that is kept."""
    from app.access.tokens import Allowance, create_token

    for uid in study or ():
        if len(uid) > _MAX_UID or not _UID.fullmatch(uid):
            raise typer.BadParameter(f"{uid!r} is not a UID")
    until = None if expires is None else time.time() + _seconds(expires)
    with _explained():
        secret = create_token(
            _settings(data).token_file, Allowance(frozenset(scope), frozenset(study) if study else None, until)
        )
    typer.echo(secret)


@token.command("list")
def list_tokens(data: DataFolder = None) -> None:
    """List the tokens by their ids: scopes, when they expire, and to which studies they are limited."""
    from app.access.secret_files import read_file
    from app.access.tokens import parse_tokens

    with _explained():
        for each in read_file(_settings(data).token_file, parse_tokens).values():
            until = (
                "never" if each.expires is None else datetime.fromtimestamp(each.expires, UTC).isoformat("T", "seconds")
            )
            studies = "all" if each.studies is None else " ".join(sorted(each.studies))
            typer.echo(f"{each.id}\t{' '.join(sorted(each.scopes))}\texpires {until}\tstudies {studies}")


@token.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `fovea token list` shows.")],
    data: DataFolder = None,
) -> None:
    """Revoke a token."""
    from app.access.tokens import revoke_token

    with _explained():
        revoke_token(_settings(data).token_file, token_id)


def _new_password() -> str:
    """A password from the terminal, typed twice, or the first line of standard input."""
    password: str
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ValueError("an empty password is none")
    return password


def _seconds(duration: str) -> float:
    """The length of a duration such as ``30d``, in seconds."""
    number, unit = duration[:-1], duration[-1:]
    if not number.isdecimal() or int(number) == 0 or unit not in _UNITS:
        raise typer.BadParameter(f"{duration!r} is not a duration such as 90m, 12h, 30d or 4w")
    return int(number) * _UNITS[unit]


def _settings(data: Path | None) -> Settings:
    """The settings of the environment, for which it does not matter whether the server could start with them."""
    try:
        return Settings(host="127.0.0.1") if data is None else Settings(host="127.0.0.1", data=data)
    except ValidationError as error:
        _fail("; ".join(problem["msg"] for problem in error.errors()))


@contextmanager
def _explained() -> Iterator[None]:
    """Tell people, instead of a traceback, what is wrong."""
    from app.access.tokens import NoSuchToken
    from app.access.users import NoSuchUser, UserExists

    try:
        yield
    except NoSuchUser as error:
        _fail(f"there is no user {error}")
    except UserExists as error:
        _fail(f"there is a user {error} already; `fovea user passwd` changes the password")
    except NoSuchToken as error:
        _fail(f"there is no token {error}; `fovea token list` shows them")
    except (ValueError, OSError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
