"""How people are told, instead of a traceback, why the work of a command could not be done."""

import textwrap
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from app.settings import Settings
from storage.errors import IndexDamaged, StorageError

DataFolder = Annotated[Path | None, typer.Option(help="The folder of the archive. [default: data]")]

MOST_CHARACTERS = 500
"""Of a driver's message that are shown: object stores repeat the whole request."""


def settings_of(data: Path | None) -> Settings:
    """The settings of the environment, for which it does not matter whether the server could start with them."""
    return Settings(host="127.0.0.1") if data is None else Settings(host="127.0.0.1", data=data)


def problems(error: ValidationError) -> list[str]:
    """What is wrong with the settings, each with the name of the variable."""
    named = [("__".join(str(part) for part in problem["loc"]).upper(), problem["msg"]) for problem in error.errors()]
    return [f"FOVEA_{name}: {message}" if name else message for name, message in named]


@contextmanager
def explained() -> Iterator[None]:
    """End the command with status 2 when the block fails for a reason that lies outside of the program."""
    try:
        yield
    except ValidationError as error:
        _fail("\n".join(problems(error)))
    except IndexDamaged as error:
        _fail(f"{_told(error)} Move it away, and `fovea reindex` makes it anew of the stored instances.")
    except (StorageError, ValueError, OSError) as error:
        _fail(_told(error))
    except KeyboardInterrupt:
        _fail("interrupted")
    except BrokenProcessPool:
        _fail("a process that reads instances was killed; there may be too little memory")


def _told(error: Exception) -> str:
    """What is wrong, and what a driver has said without what it adds: SQLAlchemy a link, obstore its inner state."""
    if error.__cause__ is None:
        return str(error)
    said = str(getattr(error.__cause__, "orig", error.__cause__)).partition("Debug source:")[0]
    return f"{error} ({textwrap.shorten(said, MOST_CHARACTERS)})"


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
