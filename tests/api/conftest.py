"""A server in the tests' own process, on a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import LimitsSettings, Settings
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_LS, NATIVE, example
from tests.multipart_requests import CONTENT_TYPE, store_body

LIMITS = LimitsSettings(body_bytes=1_000_000, parts=5, search_results=3, frames=4)
"""Small enough to go beyond in a test."""

HELD = NATIVE, JPEG_LS, COLOR_MULTI_FRAME, ECG


@pytest.fixture
def client(data_folder: Path) -> Iterator[InProcessClient]:
    """A server with an empty archive; what it raises becomes its answer, as in a process of its own."""
    with in_process(Settings(data=data_folder)) as client:
        yield client


@pytest.fixture
def narrow_client(data_folder: Path) -> Iterator[InProcessClient]:
    """The same with narrow limits."""
    with in_process(Settings(data=data_folder, limits=LIMITS)) as client:
        yield client


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server that holds a few of the examples; tests only read from it."""
    with in_process(Settings(data=tmp_path_factory.mktemp("archive") / "data")) as client:
        body = store_body(example(name).path.read_bytes() for name in HELD)
        assert client.post("/studies", content=body, headers={"Content-Type": CONTENT_TYPE}).status_code == 200
        yield client
