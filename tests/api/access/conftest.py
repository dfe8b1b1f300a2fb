"""The guarded servers that several files share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import AuthSettings
from tests.api.access.guarded import Guarded, guarded, password_hash


@pytest.fixture
def server(data_folder: Path) -> Iterator[Guarded]:
    """A guarded server of the test's own, with the user ``alice``."""
    with guarded(data_folder, AuthSettings(users=[f"alice:{password_hash()}"])) as started:
        yield started
