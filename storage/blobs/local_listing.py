"""Which files the local store holds, found by walking its folders while others may be changing them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from storage.blobs.protocol import YOUNG_SECONDS, PlacedBlob

_SUFFIX = ".dcm"
"""Of every blob's name. Other files, such as a file manager leaves behind, are none of ours."""


def placed_blobs(root: Path) -> Iterator[PlacedBlob]:
    """Every blob below ``root``, folder by folder; nothing but the names of one is held in memory."""
    for path in _files(str(root)):
        key = path.removeprefix(f"{root}{os.sep}").replace(os.sep, "/")
        if key.isascii() and key.isprintable() and (blob := placed_blob(root, key)) is not None:
            yield blob


def placed_blob(root: Path, key: str) -> PlacedBlob | None:
    """One blob; None when it is not there."""
    try:
        status = (root / key).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return PlacedBlob(key, status.st_size, status.st_mtime, time.time() - status.st_mtime < YOUNG_SECONDS)


def _files(folder: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:  # a deletion took it away as empty a moment ago
        return
    with entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.name.endswith(_SUFFIX):
                yield entry.path
