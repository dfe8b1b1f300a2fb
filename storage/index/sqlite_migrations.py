"""Migrating a SQLite file, by whichever of several processes comes first."""

from pathlib import Path

from storage.errors import StorageUnavailable
from storage.index.failures import translated
from storage.index.migrations import current, upgrade
from storage.index.sqlite_connections import enter_wal_mode, reading_engine, writing_engine


def upgrade_file(path: Path) -> bool:
    """Bring the tables up to date; whether they were made, and if need be the file, with the folders above it.

    Raises StorageUnavailable, StorageFull.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable("The folder of the index cannot be made.") from error
    with translated():
        enter_wal_mode(path)
        with writing_engine(path).begin() as connection:
            return upgrade(connection)


def current_of_file(path: Path) -> str | None:
    """The last step that the tables have come to; None where there is no file. Raises StorageUnavailable."""
    if not path.exists():
        return None
    engine = reading_engine(path, 1)
    try:
        with translated(), engine.connect() as connection:
            return current(connection)
    finally:
        engine.dispose()
