"""What a server process works on now, told so that it is known after the process has died of it.

The file is mapped into memory: to write to it takes a microsecond, and what was written stays, whatever becomes of the
process. The lock on it goes with the process, so that others can tell the files of the dead.
"""

import fcntl
import mmap
import os
import tempfile
from pathlib import Path

_PREFIX = "at-work-"
_NEW = "new-"

_SLOT_BYTES = 512
"""Room for one name; a zero byte ends it."""


class FlightRecorder:
    """The record of this process, with a slot for each thing that is worked on at the same time."""

    def __init__(self, folder: Path, slots: int) -> None:
        """Begin a record in the folder that the processes of the server share."""
        self._descriptor, new = tempfile.mkstemp(prefix=_NEW + _PREFIX, dir=folder)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        # With room on the disk from the start: a write to memory that finds none would end the process.
        os.posix_fallocate(self._descriptor, 0, slots * _SLOT_BYTES)
        self._memory = mmap.mmap(self._descriptor, slots * _SLOT_BYTES)
        self._free = list(range(0, slots * _SLOT_BYTES, _SLOT_BYTES))
        # Under its own name only now: a file without a lock would be taken for that of a dead process.
        self._path = Path(new).rename(folder / Path(new).name.removeprefix(_NEW))

    def begin(self, name: str) -> int:
        """Note that a thread begins to work on something; the slot, to be given to ``end``."""
        slot = self._free.pop()
        text = name.encode()[: _SLOT_BYTES - 1] + b"\0"
        self._memory[slot : slot + len(text)] = text
        return slot

    def end(self, slot: int) -> None:
        """Note that it is done."""
        self._memory[slot] = 0
        self._free.append(slot)

    def close(self) -> None:
        """Remove the record, unless something is still worked on: then the process ends because of it."""
        if not _names(self._memory[:]):
            self._path.unlink()
            os.close(self._descriptor)


def names_of_the_dead(folder: Path) -> list[str]:
    """What processes that have died were working on; their records are removed."""
    return [name for path in folder.glob(f"{_PREFIX}*") for name in _take_record(path)]


def _take_record(path: Path) -> list[str]:
    """The names in a record that nobody keeps any more."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return _names(file.read())
    except (BlockingIOError, FileNotFoundError):  # its process lives; another process is quicker
        return []


def _names(record: bytes) -> list[str]:
    slots = (record[start : start + _SLOT_BYTES] for start in range(0, len(record), _SLOT_BYTES))
    names = (slot.partition(b"\0")[0].decode(errors="replace") for slot in slots)
    return [name for name in names if name]
