"""Where the archives of the tests' servers are: in their data folders, or on a PostgreSQL and an S3 server.

``pytest --archive=postgresql+s3`` makes it the latter. An archive is then known by the data folder of its servers,
which still holds users, tokens and the like, so that tests name archives as they do without.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import IndexSettings, Settings, StorageSettings

if TYPE_CHECKING:  # they start processes, which takes what this file says of them
    from tests.postgresql_server import PostgresqlServer
    from tests.swift_server import SwiftServer

IN_FOLDERS, ON_SERVERS = "folder", "postgresql+s3"


class ServedArchives:
    """Archives on two servers: for each data folder a database, and a prefix of one bucket."""

    def __init__(self, postgresql: "PostgresqlServer", swift: "SwiftServer") -> None:
        self._postgresql = postgresql
        self._swift = swift
        self._bucket = swift.new_bucket()
        self._databases: dict[Path, str] = {}
        self._released: list[str] = []

    def environment(self, data: Path) -> dict[str, str]:
        """The variables by which a server with this data folder finds its archive."""
        if data not in self._databases:
            self._databases[data] = self._empty_database()
        url = f"s3://{self._bucket}/{self._prefix(data)}"
        return {"FOVEA_INDEX__URL": self._databases[data], "FOVEA_STORAGE__URL": url, **self._swift.environment}

    def blobs(self, data: Path) -> list[str]:
        """The names of what is stored in the archive of a data folder."""
        listed = self._swift.bucket(self._bucket).list(f"{self._prefix(data)}/instances/").collect()
        return [meta["path"] for meta in listed]

    def cut(self, data: Path, length: int) -> list[str]:
        """Make all that is stored there this short; nothing is left of it when that is 0. The names."""
        bucket, names = self._swift.bucket(self._bucket), self.blobs(data)
        for name in names:
            kept = bytes(bucket.get(name).bytes())[:length]
            bucket.put(name, kept) if kept else bucket.delete(name)
        return names

    def release(self, folder: Path) -> None:
        """Give back the databases of the data folders below this one, whose servers have ended."""
        for data in [data for data in self._databases if data.is_relative_to(folder)]:
            self._released.append(self._databases.pop(data))

    def _empty_database(self) -> str:
        if not self._released:
            return self._postgresql.new_database()
        self._postgresql.empty(url := self._released.pop())
        return url

    def _prefix(self, data: Path) -> str:
        """Folders have their numbers from pytest, and no two tests one path."""
        return data.as_posix().strip("/")


_served: ServedArchives | None = None


def serve_archives(archives: ServedArchives | None) -> None:
    """From now on, archives are on these servers, or in folders again."""
    global _served  # noqa: PLW0603 - one for all of this process: servers are made by functions, not only by fixtures
    _served = archives


def archives_are_served() -> bool:
    """Whether archives are on servers, and none in a folder."""
    return _served is not None


def archive_environment(data: Path) -> dict[str, str]:
    """The variables by which a server with this data folder finds its archive; none when it is in the folder."""
    return _served.environment(data) if _served else {}


def placed(settings: Settings) -> Settings:
    """The settings of a server in this process, with its archive where that of its data folder is."""
    if _served is None or settings.storage.location is not None:
        return settings
    found = _served.environment(settings.data)
    options = {name: value for name, value in found.items() if name.startswith("AWS_")}
    storage = StorageSettings(url=found["FOVEA_STORAGE__URL"], options=options)
    return settings.model_copy(update={"storage": storage, "index": IndexSettings(url=found["FOVEA_INDEX__URL"])})


def stored_blobs(data: Path) -> list[str]:
    """The names of what is stored in the archive of a data folder: an entry an instance."""
    return _served.blobs(data) if _served else [path.name for path in _files(data)]


def cut_blobs(data: Path, length: int) -> list[str]:
    """Make all that is stored in the archive of a data folder this short, or remove it when that is 0; the names."""
    if _served is not None:
        return _served.cut(data, length)
    files = _files(data)
    for file in files:
        os.truncate(file, length) if length else file.unlink()
    return [file.name for file in files]


def _files(data: Path) -> list[Path]:
    return [path for path in (data / "instances").rglob("*") if path.is_file()]


def release_archives(folder: Path) -> None:
    """The servers whose data folders are below this one have ended."""
    if _served is not None:
        _served.release(folder)
