"""From a URL in the settings to an index: the one place that knows all back ends."""

from pathlib import Path

from storage.index.protocol import Index
from storage.index.sqlite import SqliteIndex

_SQLITE = "sqlite:///"


async def open_index(url: str) -> Index:
    """Open the index that the URL names: ``sqlite:///relative/path`` or ``sqlite:////absolute/path``.

    Raises ValueError for any other URL; StorageUnavailable, StorageFull.
    """
    path = url.removeprefix(_SQLITE)
    if path in {url, ""}:
        raise ValueError("the URL of an index is sqlite:/// followed by the path of its file")
    return await SqliteIndex.open(Path(path))
