"""Where archives are, and how a command opens them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from app.services.archive import Archive
from app.settings import Settings
from storage.blobs.factory import open_blob_store
from storage.blobs.object_options import ObjectStoreOptions
from storage.index.factory import CONNECTIONS, open_index

CACHE_BYTES = 64 << 20
"""Bytes of an object store that a command keeps on the disk for itself: it reads everything once, and would drive out
of the servers' cache what viewers need."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an archive is."""

    location: str
    objects: ObjectStoreOptions
    index_url: str
    connections: int = CONNECTIONS


def source_place(settings: Settings) -> Place:
    """Where the archive of the settings is."""
    return Place(settings.blob_location, settings.object_store, settings.index_url, settings.index.connections)


def target_place(settings: Settings, storage: str, index: str | None, options: list[str]) -> Place:
    """Where a migration goes. Raises ValueError when it is where it comes from, or is not said."""
    if index is None:
        if "://" in storage:
            raise ValueError("an object store needs --to-index")
        index = f"sqlite:///{Path(storage) / 'index.sqlite'}"
    if _same(storage, settings.blob_location) or _same(index.removeprefix("sqlite:///"), settings.index_url):
        raise ValueError("the target is the archive itself, or shares its storage or its index")
    if wrong := [option for option in options if "=" not in option]:
        raise ValueError(f"{wrong[0]!r} is not NAME=VALUE")
    client = dict(option.split("=", 1) for option in options)
    return Place(storage, replace(settings.object_store, client=client), index)


def _same(one: str, other: str) -> bool:
    other = other.removeprefix("sqlite:///")
    if "://" in one or "://" in other:
        return one.rstrip("/") == other.rstrip("/")
    return Path(one).resolve() == Path(other).resolve()


@asynccontextmanager
async def opened_archive(place: Place) -> AsyncIterator[tuple[Archive, Place]]:
    """An archive without its sweeper, which only servers have, and where it is.

    Its object store gets a folder of its own: what a cache holds must not stand in for what the store has.
    """
    async with AsyncExitStack() as stack:
        if "://" in place.location:
            place.objects.folder.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(TemporaryDirectory(prefix="command-", dir=place.objects.folder))
            place = replace(place, objects=replace(place.objects, folder=Path(folder), cache_bytes=CACHE_BYTES))
        blobs = open_blob_store(place.location, place.objects)
        archive = Archive(blobs, await open_index(place.index_url, place.connections))
        stack.push_async_callback(archive.close)
        yield archive, place
