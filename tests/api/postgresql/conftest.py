"""The servers of tests/api, with their index in PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.api.in_process import InProcessClient
from tests.postgresql_server import PostgresqlServer
from tests.reference.serving import serving_the_hand_made_archive


@pytest.fixture(scope="session")
def hand_made(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer) -> Iterator[InProcessClient]:
    """A server with the hand-made archive; tests only read from it."""
    folder = tmp_path_factory.mktemp("hand_made_postgresql") / "data"
    with serving_the_hand_made_archive(folder, index_url=postgresql.new_database()) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_index(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever server a test makes, its settings name a database with empty tables."""
    if "hand_made" not in request.fixturenames:
        monkeypatch.setenv("FOVEA_INDEX__URL", request.getfixturevalue("postgresql_url"))
