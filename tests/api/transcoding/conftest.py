"""A server in which a file takes the place of another of its UID: many sample files are one image, encoded anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings, StoreSettings
from storage.records import DuplicatePolicy
from tests.api.in_process import InProcessClient, in_process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """The server; each test stores what it asks for."""
    settings = Settings(
        data=Path(tmp_path_factory.mktemp("transcoding")) / "data",
        store=StoreSettings(duplicates=DuplicatePolicy.REPLACE),
    )
    with in_process(settings) as client:
        yield client
