"""The edge to the client: against a server that answers what a test tells it to, and stores of other kinds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from storage.blobs import object_client
from storage.blobs.object_client import ObjectClient
from storage.errors import BlobNotFound, StorageError, StorageFull, StorageUnavailable
from storage.resource import ByteRange
from tests.live_server import free_port

CREDENTIALS = {"access_key_id": "somebody", "secret_access_key": "secret", "region": "us-east-1"}


@dataclass
class Told:
    """A server that gives the same answer to everybody, and remembers the headers it was sent."""

    status: int = 200
    body: bytes = b""
    requests: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    def client(self, **options: str) -> ObjectClient:
        endpoint = f"http://127.0.0.1:{self.port}"
        return ObjectClient("s3://bucket/prefix", CREDENTIALS | {"endpoint": endpoint} | options)


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            told.requests.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(told.status)
            self.send_header("content-length", str(len(told.body)))
            self.send_header("etag", '"1"')
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (507, b"", StorageFull),
        (403, b"<Error><Code>QuotaExceeded</Code></Error>", StorageFull),
        (403, b"<Error><Code>AccessDenied</Code></Error>", StorageUnavailable),
        (401, b"", StorageUnavailable),
        (503, b"<Error><Code>SlowDown</Code></Error>", StorageUnavailable),
        (404, b"<Error><Code>NoSuchBucket</Code></Error>", StorageUnavailable),
    ],
)
async def test_what_a_store_refuses_is_said_in_storages_words(
    told: Told, status: int, code: bytes, error: type[StorageError]
) -> None:
    told.status, told.body = status, code
    with pytest.raises(error) as raised:
        await told.client().put("instances/1.dcm", b"data")
    assert "bucket/" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)


async def test_a_store_that_is_busy_is_asked_again(told: Told) -> None:
    told.status = 503
    with pytest.raises(StorageUnavailable):
        await told.client().get("instances/1.dcm", ByteRange(0, 1))
    assert len(told.requests) == 1 + object_client.RETRIES["max_retries"]


async def test_a_store_that_is_away_is_unavailable() -> None:
    client = ObjectClient("s3://bucket", CREDENTIALS | {"endpoint": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(StorageUnavailable):
        await client.list("instances/")


async def test_encryption_is_asked_of_the_store(told: Told) -> None:
    await told.client(server_side_encryption="aws:kms", sse_kms_key_id="key-1").put("instances/1.dcm", b"data")
    [request] = told.requests
    assert request["x-amz-server-side-encryption"] == "aws:kms"
    assert request["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1"


async def test_the_usual_variables_of_the_environment_count(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{told.port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    await ObjectClient("s3://bucket", {}).put("instances/1.dcm", b"data")
    assert "Credential=from-environment/" in told.requests[0]["authorization"]


async def test_deleting_goes_on_where_a_store_stops_at_what_is_missing(tmp_path: Path) -> None:
    """As Google's and Azure's do, and the local one that stands for them here."""
    client = ObjectClient(f"file://{tmp_path}", {})
    paths = [f"instances/{number}.dcm" for number in range(5)]
    for path in (paths[0], paths[4]):
        await client.put(path, b"data")
    await client.delete(paths)
    assert await client.list("instances/") == []
    await client.delete([])


async def test_an_object_ends_where_it_ends(tmp_path: Path) -> None:
    client = ObjectClient(f"file://{tmp_path}", {})
    await client.put("instances/1.dcm", b"data")
    assert await client.get("instances/1.dcm", ByteRange(2, 100)) == b"ta"
    with pytest.raises(BlobNotFound):
        await client.get("instances/2.dcm", ByteRange(0, 1))
