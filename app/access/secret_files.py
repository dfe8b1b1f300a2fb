"""Small files of secrets: read anew when they have changed, written as a whole and for their owner's eyes only."""

import fcntl
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

Signature = tuple[int, int, int]
"""What tells one state of a file from another: inode, time of change in ns, size in bytes."""


class WatchedFile(Generic[T]):
    """What is in a file, as it is at the moment."""

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        """``parse`` makes the content of the text, empty for a file that is not there, and may raise ValueError."""
        self._path = path
        self._name = str(path)
        self._parse = parse
        self._read_as: Signature | None = None
        self._content = parse("")

    def signature(self) -> Signature | None:
        """What changes with the file; None when it is not there."""
        try:
            status = os.stat(self._name)  # noqa: PTH116  in every request, and twice as fast as by Path
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def content(self) -> T:
        """The content. That of a file spoilt by hand stays what it was before, for somebody must be able to log in."""
        signature = self.signature()
        if signature != self._read_as:
            try:
                self._content = self._parse(_text(self._path))
            except (OSError, ValueError) as error:
                logger.error("%s is not read: %s", self._path.name, error)
            self._read_as = signature
        return self._content


def read_file(path: Path, parse: Callable[[str], T]) -> T:
    """The content of a file. Raises OSError, ValueError."""
    return parse(_text(path))


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Replace the text of a file by what ``change`` makes of it, in one step and durably.

    Who rewrites a file of the same folder at the same time waits. What ``change`` raises leaves the file as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _replace(path, change(_text(path)))
        os.fsync(folder)
    finally:
        os.close(folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
