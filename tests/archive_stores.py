"""Archives on real stores for the tests of commands: a folder with SQLite, or an S3 server with PostgreSQL.

What lies in them is looked at, and damaged, past the code under test.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import obstore
from obstore.store import S3Store
from typer.testing import CliRunner, Result

from app.cli.importing import import_into_archive
from app.cli.main import app
from app.settings import IndexSettings, Settings, StorageSettings
from app.settings.services import StoreSettings
from storage.index.factory import open_index
from storage.index.protocol import Index
from storage.records import InstanceRecord
from storage.resource import ResourceKey

LONG_AGO = time.time() - 100_000
"""More than a lease."""


@dataclass
class Stores:
    """An archive: in a folder, or in a ``bucket`` and a database."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    bucket: S3Store | None = None

    @property
    def settings(self) -> Settings:
        """The settings of a server on the archive."""
        if self.bucket is None:
            return Settings(data=self.data)
        options = {name: value for name, value in self.environment.items() if name.startswith("AWS_")}
        storage = StorageSettings(url=self.environment["FOVEA_STORAGE__URL"], options=options)
        return Settings(data=self.data, storage=storage, index=IndexSettings(url=self.environment["FOVEA_INDEX__URL"]))

    def run(self, *arguments: str) -> Result:
        """A command on the archive."""
        return CliRunner().invoke(app, [*arguments, "--data", str(self.data)], env=self.environment)

    def store(self, folder: Path, files: Sequence[bytes], policy: StoreSettings | None = None) -> None:
        """Store files, by way of a folder."""
        folder.mkdir(exist_ok=True)
        for number, file in enumerate(files):
            (folder / f"{number}.dcm").write_bytes(file)
        settings = self.settings.model_copy(update={"store": policy or StoreSettings()})
        tally = asyncio.run(import_into_archive([folder], settings))
        assert (tally.stored, tally.failures) == (len(files), [])

    def blobs(self) -> dict[str, bytes]:
        """What is stored, by blob key."""
        if self.bucket is None:
            root = self.data / "instances"
            return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.dcm")}
        paths = [meta["path"] for meta in obstore.list(self.bucket, "archive/instances/").collect()]
        return {
            path.removeprefix("archive/instances/"): bytes(obstore.get(self.bucket, path).bytes()) for path in paths
        }

    def key_of(self, file: bytes) -> str:
        """The blob key under which a file is stored."""
        [key] = [key for key, data in self.blobs().items() if data == file]
        return key

    def put(self, key: str, data: bytes, written: float = LONG_AGO) -> None:
        """Write bytes under a key."""
        if self.bucket is not None:
            obstore.put(self.bucket, f"archive/instances/{key}", data)
            return
        path = self.data / "instances" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (written, written))

    def remove(self, key: str) -> None:
        """Remove the bytes under a key."""
        if self.bucket is None:
            (self.data / "instances" / key).unlink()
        else:
            obstore.delete(self.bucket, f"archive/instances/{key}")

    def stray_key(self, number: int, written: float = LONG_AGO) -> str:
        """A key like those that the store makes, which nobody has used."""
        return f"1.2/1.3/1.4.{number:012x}.dcm" if self.bucket is None else f"{number:012x}-{written:.0f}/0.dcm"

    def records(self) -> dict[str | None, InstanceRecord]:
        """What the index knows, by SOPInstanceUID."""

        async def read(index: Index) -> list[InstanceRecord]:
            batches = [await index.records(batch) async for batch in index.instances(ResourceKey())]
            await index.close()
            return [record for batch in batches for record in batch]

        async def run() -> list[InstanceRecord]:
            return await read(await open_index(self.settings.index_url, 3))

        return {record.key.sop_instance_uid: record for record in asyncio.run(run())}

    def delete(self, key: ResourceKey) -> None:
        """Delete from the index, as a server does; the bytes wait for a sweeper."""

        async def run() -> None:
            index = await open_index(self.settings.index_url, 3)
            await index.delete(key)
            await index.close()

        asyncio.run(run())

    def assert_holds(self, files: Sequence[bytes]) -> None:
        """The index names these files, and their bytes are in the blobs that it names."""
        blobs = self.blobs()
        records = self.records().values()
        stored = sorted(hashlib.sha256(blobs[record.blob_key]).digest() for record in records)
        assert stored == sorted(hashlib.sha256(file).digest() for file in files)
        assert sorted(record.sha256 for record in records) == stored
