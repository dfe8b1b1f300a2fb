"""The command line for the database of the index: ``fovea db``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.settings import Settings
from storage.errors import StorageError
from storage.index.factory import tables_state, upgrade_tables

database = typer.Typer(help="The database of the index.", no_args_is_help=True)

DataFolder = Annotated[Path | None, typer.Option(help="The folder of the archive. [default: data]")]


@database.command()
def upgrade(data: DataFolder = None) -> None:
    """Make the tables, or bring them up to date. A server does so too when it starts, if it may."""
    with _explained():
        url = _index_url(data)
        upgrade_tables(url)
        typer.echo(tables_state(url).current)


@database.command()
def current(data: DataFolder = None) -> None:
    """Print the last migration of the tables; exit status 1 when they are not up to date."""
    with _explained():
        state = tables_state(_index_url(data))
    if state.current == state.latest:
        typer.echo(f"{state.current} (up to date)")
    else:
        typer.echo(f"{state.current or 'no tables'} (the latest is {state.latest}: `fovea db upgrade`)")
        raise typer.Exit(1)


def _index_url(data: Path | None) -> str:
    """The URL of the index, for which it does not matter whether the server could start with the settings."""
    given = Settings(host="127.0.0.1") if data is None else Settings(host="127.0.0.1", data=data)
    return given.index_url


@contextmanager
def _explained() -> Iterator[None]:
    """Tell people, instead of a traceback, what is wrong."""
    try:
        yield
    except ValidationError as error:
        _fail("; ".join(problem["msg"] for problem in error.errors()))
    except (StorageError, ValueError) as error:
        _fail(f"{error} {error.__cause__ or ''}".strip())


def _fail(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(1)
