"""What the processes of a server know of pixels that are not safe to decode: a file for each, in their shared folder.

A file that is empty tells of a suspect; one with a text, of what is condemned, and why. Nearly always there is none.
The folder goes with the server, so a new start tries everything anew.
"""

import os
from pathlib import Path

_PREFIX = "suspect-"


class Suspects:
    """The suspects of this server; each goes by a digest that is fit for the name of a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def verdict(self, digest: str) -> str | None:
        """None of what is not suspect; empty of what is; why it is condemned."""
        path = f"{self._folder}/{_PREFIX}{digest}"
        # Asked for every frame: this takes a microsecond where there is none, to open it and fail would take ten.
        return Path(path).read_text(encoding="utf-8") if os.access(path, os.F_OK) else None

    def suspect(self, digest: str) -> None:
        """From now on it is suspect, unless it is condemned already."""
        self._path(digest).touch()

    def condemn(self, digest: str, reason: str) -> None:
        """From now on it is condemned."""
        self._path(digest).write_text(reason, encoding="utf-8")

    def _path(self, digest: str) -> Path:
        return self._folder / f"{_PREFIX}{digest}"
