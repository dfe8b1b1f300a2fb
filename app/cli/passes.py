"""What ``fovea check``, ``fovea reindex`` and ``fovea migrate`` do: each goes through a whole archive."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import typer

from app.cli.places import Place, opened_archive, source_place
from app.cli.tally import Tally
from app.main import store_policy
from app.services.archive import Archive
from app.services.checking import Check, CheckPlan
from app.services.migrating import Migration
from app.services.reindexing import Reindexing
from app.settings import Settings
from storage.blobs.factory import open_blob_store
from storage.index.factory import tables_state
from storage.query import Query
from storage.records import DuplicatePolicy
from storage.resource import Level, ResourceKey

MOST_COUNTED = 10_000_000
"""Instances that are counted before a command begins."""


def check(settings: Settings, plan: CheckPlan) -> int:
    """Compare index and blobs; the exit status. Raises ValueError when there is no index."""
    _require_index(settings)
    return _run(_check(settings, replace(plan, limits=store_policy(settings).limits)))


def reindex(settings: Settings) -> int:
    """Add what the index lacks; the exit status. Raises ValueError when there is no folder, which would be made."""
    location = settings.blob_location
    if "://" not in location and not Path(location).is_dir():
        raise ValueError(f"there is no folder {location}")
    return _run(_reindex(settings))


def migrate(settings: Settings, to: Place, duplicates: DuplicatePolicy) -> int:
    """Copy what the target lacks; the exit status. Raises ValueError when there is no index."""
    _require_index(settings)
    return _run(_migrate(settings, to, duplicates))


def _run(work: Coroutine[Any, Any, Tally]) -> int:
    tally = asyncio.run(work)
    typer.echo(tally.describe(), err=True)
    return 1 if tally.problems else 0


async def _check(settings: Settings, plan: CheckPlan) -> Tally:
    tally = Tally()
    async with opened_archive(source_place(settings)) as (archive, _):
        checking = Check(archive, plan)
        await tally.follow("blobs", checking.blobs())
        await tally.follow("instances", checking.instances(), await _count(archive))
    return tally


async def _reindex(settings: Settings) -> Tally:
    tally = Tally()
    async with opened_archive(source_place(settings)) as (archive, place):
        reopen = partial(open_blob_store, place.location, place.objects)
        await tally.follow("blobs", Reindexing(archive, reopen, store_policy(settings).limits).run())
    return tally


async def _migrate(settings: Settings, to: Place, duplicates: DuplicatePolicy) -> Tally:
    tally = Tally()
    async with opened_archive(source_place(settings)) as (source, _), opened_archive(to) as (target, _):
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
