"""A server that holds the hand-made archive."""

from collections.abc import Iterator

import pytest

from tests.api.in_process import InProcessClient
from tests.reference.serving import serving_the_hand_made_archive


@pytest.fixture(scope="session")
def hand_made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server with the hand-made archive; tests only read from it."""
    with serving_the_hand_made_archive(tmp_path_factory.mktemp("hand_made") / "data") as client:
        yield client
