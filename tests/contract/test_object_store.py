"""The contract of blob stores, kept by the object store against a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.blobs.object_options import ObjectStoreOptions
from storage.blobs.object_store import ObjectBlobStore
from storage.blobs.protocol import BlobStore
from tests.contract.blob_store_contract import BlobStoreContract
from tests.swift_server import SwiftServer


class TestObjectBlobStore(BlobStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path, swift: SwiftServer) -> AsyncIterator[BlobStore]:
        url = f"s3://{swift.new_bucket()}/archive"
        store = ObjectBlobStore(url, ObjectStoreOptions(tmp_path, client=swift.options))
        yield store
        await store.close()
