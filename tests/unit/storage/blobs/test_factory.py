from pathlib import Path

import pytest

from storage.blobs.factory import open_blob_store
from storage.blobs.local import LocalBlobStore
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_store import ObjectBlobStore


@pytest.mark.parametrize(
    "location", ["s3://bucket", "s3://bucket/some/prefix", "gs://bucket/prefix", "az://box/prefix"]
)
def test_a_url_names_an_object_store(tmp_path: Path, location: str) -> None:
    client = {"account_name": "account"} if location.startswith("az") else {}
    assert isinstance(open_blob_store(location, ObjectStoreOptions(tmp_path, client=client)), ObjectBlobStore)


async def test_anything_else_is_a_folder_or_memory(tmp_path: Path) -> None:
    assert isinstance(open_blob_store("memory"), MemoryBlobStore)
    folder = open_blob_store(str(tmp_path))
    assert isinstance(folder, LocalBlobStore)
    await folder.close()
