"""A server that holds one instance of each kind; tests only read from it."""

from collections.abc import Iterator

import pytest

from app.settings import Settings
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_2000, JPEG_LS, NATIVE, SEGMENTATION, example

HELD = NATIVE, JPEG_LS, COLOR_MULTI_FRAME, ECG, JPEG_2000, SEGMENTATION


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """The server."""
    with in_process(Settings(data=tmp_path_factory.mktemp("shown") / "data")) as client:
        assert store(client, *(example(name).path.read_bytes() for name in HELD)).status_code == 200
        yield client
