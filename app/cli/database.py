"""The command line for the database of the index: ``fovea db``."""

import typer

from app.cli.explaining import DataFolder, explained, settings_of

database = typer.Typer(help="The database of the index.", no_args_is_help=True)


@database.command()
def upgrade(data: DataFolder = None) -> None:
    """Make the tables, or bring them up to date. A server does so too when it starts, if it may."""
    from storage.index.factory import tables_state, upgrade_tables

    with explained():
        url = settings_of(data).index_url
        upgrade_tables(url)
        typer.echo(tables_state(url).current)


@database.command()
def current(data: DataFolder = None) -> None:
    """Print the last migration of the tables; exit status 1 when they are not up to date, 2 when it is not known."""
    from storage.index.factory import tables_state

    with explained():
        state = tables_state(settings_of(data).index_url)
    if state.current == state.latest:
        typer.echo(f"{state.current} (up to date)")
    else:
        typer.echo(f"{state.current or 'no tables'} (the latest is {state.latest}: `fovea db upgrade`)")
        raise typer.Exit(1)
