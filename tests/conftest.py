"""Where the archives of the tests are, and fixtures for tests that need a live server."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.archives import IN_FOLDERS, ON_SERVERS, ServedArchives, release_archives, serve_archives
from tests.live_server import LiveServer, live_server
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.swift_server import IS_MISSING, SwiftServer, swift_server

MARKER = "archive_in_folder(reason): runs with the archive in a folder only"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--archive", choices=[IN_FOLDERS, ON_SERVERS], default=IN_FOLDERS, help="where the servers' archives are"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("archive_in_folder")
    if marker and item.config.getoption("archive") != IN_FOLDERS:
        pytest.skip(marker.args[0])


@pytest.fixture(scope="session", autouse=True)
def archives(request: pytest.FixtureRequest) -> Iterator[None]:
    """The archives of all servers are where the option says."""
    if request.config.getoption("archive") == IN_FOLDERS:
        yield
        return
    serve_archives(ServedArchives(request.getfixturevalue("postgresql"), request.getfixturevalue("swift")))
    yield
    serve_archives(None)


@pytest.fixture(autouse=True)
def archives_of_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Those that a test has for itself end with it."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        release_archives(folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for everybody: tests store under UIDs of their own and do not count what others have stored."""
    with live_server(tmp_path_factory.mktemp("shared") / "data") as started:
        yield started
        started.assert_without_fault()


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """A folder for the archive of a server that a test starts itself."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftServer]:
    """An S3 server for everybody: tests make buckets of their own."""
    if IS_MISSING:
        pytest.skip("the package swift is not installed")
    with swift_server(tmp_path_factory.mktemp("swift")) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str) -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for everybody, also for other processes that run tests of the same session."""
    with postgresql_server(Path(gettempdir()) / f"fovea-{testrun_uid}") as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> str:
    """A database with empty tables."""
    return postgresql.emptied_database()
