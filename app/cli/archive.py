"""The command line for a whole archive: ``fovea check``, ``fovea reindex``, ``fovea migrate``.

Each writes a line on standard output for all that it finds, and what people want to see beside that on standard error.
The exit status is 0 when all is well, 1 when something was found, 2 when the work could not be done or not be finished.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from app.cli.places import Place, opened_archive, source_place, target_place
from app.cli.tally import Tally
from app.services.archive import Archive
from app.services.checking import Check, CheckPlan
from app.services.migrating import Migration
from app.services.reindexing import Reindexing
from app.settings import Settings
from storage.blobs.factory import open_blob_store
from storage.errors import StorageError
from storage.index.factory import tables_state
from storage.query import Query
from storage.records import DuplicatePolicy
from storage.resource import Level, ResourceKey

DataFolder = Annotated[Path | None, typer.Option(help="The folder of the archive. [default: data]")]

MOST_COUNTED = 10_000_000
"""Instances that are counted before a command begins."""


def check(
    data: DataFolder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare lengths only, and read no contents.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Delete blobs whose instance is stored elsewhere.")] = False,
    delete_unindexed: Annotated[
        bool, typer.Option("--delete-unindexed", help="With --repair: also blobs that may be the only copy.")
    ] = False,
    move_damaged: Annotated[
        Path | None, typer.Option(help="Move instances whose bytes are missing or damaged into this folder.")
    ] = None,
) -> None:
    """Compare index and stored bytes. Servers may be using the archive at the same time."""
    from app.main import store_policy

    if delete_unindexed and not repair:
        raise typer.BadParameter("--delete-unindexed goes with --repair")
    with _explained():
        settings = _settings(data)
        _require_index(settings)
        limits = store_policy(settings).limits
        plan = CheckPlan(limits, quick, repair, delete_unindexed, move_damaged)
        _exit(asyncio.run(_check(settings, plan)))


def reindex(data: DataFolder = None) -> None:
    """Enter stored instances that the index lacks, all of them if it is empty. Can be interrupted and run again."""
    with _explained():
        settings = _settings(data)
        location = settings.blob_location
        if "://" not in location and not Path(location).is_dir():
            raise ValueError(f"there is no folder {location}")
        _exit(asyncio.run(_reindex(settings)))


def migrate(
    to_storage: Annotated[str, typer.Option(help="Where to: a folder, or a URL such as s3://bucket/prefix.")],
    to_index: Annotated[
        str | None, typer.Option(help="The database of the new index. [default: index.sqlite in the folder]")
    ] = None,
    to_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the new object store's client; repeatable."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--replace", help="Replace what the target has with other bytes.")] = False,
    data: DataFolder = None,
) -> None:
    """Copy the archive to other stores, and verify it. Can be interrupted and run again, and copies what is new."""
    with _explained():
        settings = _settings(data)
        _require_index(settings)
        target = target_place(settings, to_storage, to_index, to_option or [])
        _exit(asyncio.run(_migrate(settings, target, overwrite=overwrite)))


async def _check(settings: Settings, plan: CheckPlan) -> Tally:
    tally = Tally()
    async with opened_archive(source_place(settings)) as (archive, _):
        checking = Check(archive, plan)
        await tally.follow("blobs", checking.blobs())
        await tally.follow("instances", checking.instances(), await _count(archive))
    return tally


async def _reindex(settings: Settings) -> Tally:
    from app.main import store_policy

    tally = Tally()
    async with opened_archive(source_place(settings)) as (archive, place):
        reopen = partial(open_blob_store, place.location, place.objects)
        await tally.follow("blobs", Reindexing(archive, reopen, store_policy(settings).limits).run())
    return tally


async def _migrate(settings: Settings, to: Place, *, overwrite: bool) -> Tally:
    tally = Tally()
    async with opened_archive(source_place(settings)) as (source, _), opened_archive(to) as (target, _):
        duplicates = DuplicatePolicy.REPLACE if overwrite else DuplicatePolicy.REJECT
        await tally.follow("instances", Migration(source, target, duplicates).run(), await _count(source))
    return tally


async def _count(archive: Archive) -> int | None:
    """How many instances there are, for the progress bar; None when it would take long to count them."""
    count = await archive.index.count(Query(Level.INSTANCE, ResourceKey(), (), limit=1), at_most=MOST_COUNTED)
    return count if count < MOST_COUNTED else None


def _require_index(settings: Settings) -> None:
    """Raises ValueError when there is no index to go by, which would be made otherwise."""
    if tables_state(settings.index_url).current is None:
        raise ValueError("there is no index; `fovea reindex` makes one of the stored instances")


def _settings(data: Path | None) -> Settings:
    """The settings of the environment, for which it does not matter whether the server could start with them."""
    return Settings(host="127.0.0.1") if data is None else Settings(host="127.0.0.1", data=data)


def _exit(tally: Tally) -> NoReturn:
    typer.echo(tally.describe(), err=True)
    raise typer.Exit(1 if tally.problems else 0)


@contextmanager
def _explained() -> Iterator[None]:
    """Tell people, instead of a traceback, why the work could not be done."""
    try:
        yield
    except ValidationError as error:
        _fail("; ".join(problem["msg"] for problem in error.errors()))
    except (StorageError, ValueError, OSError) as error:
        _fail(f"{error} {error.__cause__ or ''}".strip())
    except KeyboardInterrupt:
        _fail("interrupted")
    except BrokenProcessPool:
        _fail("a process that reads instances was killed; there may be too little memory")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
