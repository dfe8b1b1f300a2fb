"""One writer at a time, among processes; two openings of the file stand for two processes."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from storage.errors import StorageUnavailable
from storage.index.writer_turn import WriterTurn

HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from storage.index.writer_turn import WriterTurn

with WriterTurn(Path(sys.argv[1])):
    os.kill(os.getpid(), 9)
"""


def test_the_next_writer_waits_until_the_turn_is_passed_on(tmp_path: Path) -> None:
    one, other = WriterTurn(tmp_path / "index.db"), WriterTurn(tmp_path / "index.db")
    order: list[str] = []
    starts = Event()

    def write() -> None:
        starts.set()
        with other:
            order.append("other")

    with one:
        thread = Thread(target=write)
        thread.start()
        starts.wait()
        order.append("one")
    thread.join()
    assert order == ["one", "other"]


def test_a_writer_that_is_killed_leaves_its_turn_to_others(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", HOLD_AND_DIE, str(tmp_path / "index.db")], check=False)
    with WriterTurn(tmp_path / "index.db"):
        pass


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_or_replaced_is_not_written(tmp_path: Path, replaced: bool) -> None:
    database = tmp_path / "index.db"
    database.touch()
    turn = WriterTurn(database)
    with turn:
        pass
    database.rename(tmp_path / "elsewhere")
    if replaced:
        database.touch()
    with pytest.raises(StorageUnavailable), turn:
        pass
    (tmp_path / "elsewhere").rename(database)
    with turn:
        pass
