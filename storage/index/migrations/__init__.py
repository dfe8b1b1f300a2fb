"""The history of the tables as Alembic migrations, run when an index opens. ``versions`` has a file for each step.

A change of ``storage.index.tables`` comes with a new step; a test asserts that the steps lead to those tables.
"""

from functools import cache
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_ONE_AT_A_TIME = Lock()
"""Alembic keeps what it works on in module variables."""


def upgrade(connection: Connection) -> bool:
    """Bring the tables up to date, within the caller's transaction; whether there were none, so that they were made.

    The transaction must keep others out, so that of several processes that start at once the first does the work.
    """
    config = _config()
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        found = current(connection)
        if found != latest():
            command.upgrade(config, "head")
    return found is None


def current(connection: Connection) -> str | None:
    """The last step that the tables of a database have come to; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def latest() -> str | None:
    """The last step that there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage.index:migrations")
    return config
