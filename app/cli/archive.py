"""The command line for a whole archive: ``fovea check``, ``fovea reindex``, ``fovea migrate``.

Each writes a line on standard output for all that it finds, and what people want to see beside that on standard error.
The exit status is 0 when all is well, 1 when something was found, 2 when the work could not be done or not be finished.

What does the work is imported when it is asked for: the process that starts and watches servers has no use for it.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.explaining import DataFolder, explained, settings_of


def check(
    data: DataFolder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare lengths only, and read no contents.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Delete blobs whose instance is stored elsewhere, and sound there.")
    ] = False,
    delete_unindexed: Annotated[
        bool, typer.Option("--delete-unindexed", help="With --repair: also blobs that may be the only copy.")
    ] = False,
    move_damaged: Annotated[
        Path | None, typer.Option(help="Move instances whose bytes are missing or damaged into this folder.")
    ] = None,
) -> None:
    """Compare index and stored bytes. Servers may be using the archive at the same time."""
    if delete_unindexed and not repair:
        raise typer.BadParameter("--delete-unindexed goes with --repair")
    with explained():
        from app.cli import passes
        from app.services.checking import CheckPlan

        plan = CheckPlan(
            quick=quick, delete_orphaned=repair, delete_unindexed=delete_unindexed, move_damaged=move_damaged
        )
        raise typer.Exit(passes.check(settings_of(data), plan))


def reindex(data: DataFolder = None) -> None:
    """Enter stored instances that the index lacks, all of them if it is empty. Stop the servers before.

    It can be interrupted and run again.
    """
    with explained():
        from app.cli import passes

        raise typer.Exit(passes.reindex(settings_of(data)))


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
    with explained():
        from app.cli import passes
        from app.cli.places import target_place
        from storage.records import DuplicatePolicy

        settings = settings_of(data)
        target = target_place(settings, to_storage, to_index, to_option or [])
        duplicates = DuplicatePolicy.REPLACE if overwrite else DuplicatePolicy.REJECT
        raise typer.Exit(passes.migrate(settings, target, duplicates))
