"""The command line: ``fovea serve``, ``fovea import``, ``fovea settings``, and those of the other files here."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from app.cli import access, archive, database
from app.cli.explaining import DataFolder, problems
from app.process.shared_figures import shared_figures
from app.settings import Settings

app = typer.Typer(
    name="fovea", help="Fovea, a DICOMweb server.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
app.add_typer(access.user, name="user")
app.add_typer(access.token, name="token")
app.add_typer(database.database, name="db")
app.command()(archive.check)
app.command()(archive.reindex)
app.command()(archive.migrate)
errors = Console(stderr=True)

MOST_PROCESSES = 4
"""Server processes unless a number is given: each takes a hundred megabytes and more."""

WORKER_SECONDS = 20
"""How long a server process may take to begin, or hold still, before it is killed and another one is started. On a
machine with much to do uvicorn's five seconds are not enough to begin, so that none ever would; a minute is long to
wait for one that was killed while it began."""

SHUTDOWN_SECONDS = 30
"""How long requests in flight may go on after the server was asked to stop."""

KEEP_ALIVE_SECONDS = 75
"""How long a connection may be idle. Proxies keep theirs for up to a minute, and must not find one closed on which they
have just sent a request: what is not safe to repeat would fail."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on. [default: 8080]")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes. [default: one for each core, up to 4]")] = None,
    data: DataFolder = None,
    ssl_certfile: Annotated[Path | None, typer.Option(help="The certificate, for HTTPS.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="The private key, for HTTPS.")] = None,
    ssl_ca_certs: Annotated[Path | None, typer.Option(help="Authorities by which clients need a certificate.")] = None,
) -> None:
    """Serve the archive. Options go before FOVEA_... environment variables."""
    import ssl

    from uvicorn import Config

    from app.process import logs
    from app.process.joined_writes import Connection
    from app.process.supervisor import Supervisor

    tls_flags = {"tls__certificate": ssl_certfile, "tls__key": ssl_keyfile, "tls__client_ca": ssl_ca_certs}
    settings = _settings(host=host, port=port, workers=workers, data=data, **tls_flags)
    tls = settings.tls
    if tls.certificate:
        try:
            ssl.create_default_context(cafile=tls.client_ca).load_cert_chain(tls.certificate, tls.key)
        except OSError as error:
            errors.print(
                f"The certificate, its key or the authorities cannot be used: {error}", style="red", soft_wrap=True
            )
            raise typer.Exit(2) from error
    scheme = "https" if tls.certificate else "http"
    root = f"{scheme}://{settings.host}:{settings.port}{settings.dicomweb_root}"
    errors.print(f"Fovea serves {settings.archive_place} at {root}", highlight=False, soft_wrap=True)
    if settings.auth.mode == "none":
        errors.print("Anybody who reaches this address can read and write: no authentication (FOVEA_AUTH__MODE=none).")
    elif not settings.says_who_may:
        errors.print("Anybody on this machine can read and write: no authentication (`fovea user add` sets one up).")
    processes = settings.workers or min(os.cpu_count() or 1, MOST_PROCESSES)
    logs.configure(settings.log_level, settings.log_format)
    with shared_figures():
        config = Config(
            "app.main:create_app_from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=processes,
            http=Connection,
            log_config=None,
            access_log=False,  # it would write search keys, which are patient data
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            timeout_worker_healthcheck=WORKER_SECONDS,
            proxy_headers=False,  # app.middleware.proxies reads them, from those that are trusted
            ssl_certfile=tls.certificate,
            ssl_keyfile=tls.key,
            ssl_ca_certs=str(tls.client_ca) if tls.client_ca else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if tls.client_ca else ssl.CERT_NONE,
        )
        supervisor = Supervisor(config, SHUTDOWN_SECONDS + WORKER_SECONDS)
        supervisor.run()
    raise typer.Exit(supervisor.status)


@app.command("import")
def import_files(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="DICOM files, and folders of them.")],
    data: DataFolder = None,
    url: Annotated[str | None, typer.Option(help="A DICOMweb root to store to, instead of a data folder.")] = None,
) -> None:
    """Store files and folders, with a progress bar. Files that are not DICOM are counted and left alone."""
    import asyncio

    from app.cli.importing import import_into_archive, import_into_server

    if url is not None and data is not None:
        raise typer.BadParameter("give --data or --url, not both")
    importing = import_into_server(paths, url) if url else import_into_archive(paths, _settings(data=data))
    tally = asyncio.run(importing)
    typer.echo(tally.describe(), err=True)
    raise typer.Exit(1 if tally.failures else 0)


@app.command()
def settings(
    describe: Annotated[bool, typer.Option("--describe", help="Print what every setting means instead.")] = False,
) -> None:
    """Print the settings in force."""
    from app.settings.table import settings_table

    typer.echo(settings_table().rstrip() if describe else _settings().model_dump_json(indent=2))


@app.command()
def openapi() -> None:
    """Print the API description (OpenAPI, YAML)."""
    import yaml

    from app.main import create_app

    yaml.safe_dump(create_app(Settings()).openapi(), sys.stdout, sort_keys=False, allow_unicode=True)


def main() -> None:
    """The console script."""
    app()


def _settings(**flags: object) -> Settings:
    """The settings of the environment, overridden by the flags given, which worker processes then find there too."""
    for name, value in flags.items():
        if value is not None:
            os.environ[f"FOVEA_{name.upper()}"] = str(value)
    try:
        return Settings()
    except ValidationError as error:
        for problem in problems(error):
            errors.print(problem, style="red", soft_wrap=True)
        raise typer.Exit(2) from error
