"""No damaged codestream ends the process, holds it up, or makes it large; more of them: ``mutations.py UID COUNT``."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.codecs.decoders import DECODERS

COUNT = 400
SECONDS = 20.0
"""For the slowest one: longer is a hang. A sound one takes some milliseconds, also on a busy machine some tens."""
MEGABYTES = 400

ALIKE = {"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"}
TRANSFER_SYNTAXES = sorted(DECODERS.keys() - ALIKE)
"""Those that have a decoder of their own; of the others two share one, and two are hardly compressed."""


@pytest.mark.parametrize("uid", TRANSFER_SYNTAXES)
def test_damaged_codestreams_are_refused_or_decoded(uid: str) -> None:
    command = [sys.executable, "-m", "tests.unit.app.codecs.mutations", uid, str(COUNT)]
    finished = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[4]
    )
    assert finished.returncode == 0, finished.stderr
    slowest, megabytes = map(float, finished.stdout.split())
    assert slowest < SECONDS
    assert megabytes < MEGABYTES
