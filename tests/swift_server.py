"""A real S3 server for tests: OpenStack Swift with its ``s3api``, on free loopback ports and a folder of its own.

One proxy and one server each for accounts, containers and objects, on one device. It answers some tens of requests a
second: good for telling what is right, not how fast.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from getpass import getuser
from itertools import count
from pathlib import Path
from uuid import uuid4

import requests
from obstore import sign
from obstore.store import S3Store

from tests.live_server import free_port, plain_environment

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).parents[1]
IS_MISSING = not (BIN / "swift-proxy-server").exists()
"""Whether the package ``swift`` is not installed beside the interpreter that runs the tests."""

START_SECONDS = 60
STOP_SECONDS = 20

_KINDS = "account", "container", "object"

_SWIFT = """
[swift-hash]
swift_hash_path_prefix = fovea
swift_hash_path_suffix = tests
[storage-policy:0]
name = one
default = yes
"""

_STORAGE = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
mount_check = false
user = {user}
swift_dir = {folder}/etc
devices = {folder}/node
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
[{kind}-replicator]
[{kind}-auditor]
[{kind}-updater]
"""

_PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 20
node_timeout = 60
error_suppression_limit = 1000000
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
[filter:cache]
paste.filter_factory = tests.swift_cache:filter_factory
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
allow_async_delete = false
[filter:dlo]
use = egg:swift#dlo
"""

_MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder

for path, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(6, 1, 1)
    place = {"ip": "127.0.0.1", "port": int(port), "replication_ip": "127.0.0.1", "replication_port": int(port)}
    builder.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 1, **place})
    builder.rebalance()
    builder.get_ring().save(path)
"""
"""Makes rings of one device each; in a process of its own, since Swift changes how Python waits."""


class SwiftDidNotStart(Exception):
    """The server did not answer in time; the message is its log."""


@dataclass(slots=True)
class SwiftServer:
    """The server on ``folder``; it may be stopped and started again, with what it holds."""

    folder: Path
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def environment(self) -> dict[str, str]:
        """The usual variables by which a client finds the server and logs in."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "test:tester",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
        }

    @property
    def options(self) -> dict[str, str]:
        """The same as the options of a store."""
        return {name.lower(): value for name, value in self.environment.items()}

    def new_bucket(self) -> str:
        """Make an empty bucket; its name."""
        bucket = f"fovea-{next(self._numbers)}-{uuid4().hex[:8]}"
        url = sign(self.bucket(bucket), "PUT", "", timedelta(minutes=1))
        requests.put(url, timeout=START_SECONDS).raise_for_status()
        return bucket

    def bucket(self, name: str) -> S3Store:
        """A client's view of a bucket."""
        return S3Store(name, config=self.options, client_options={"allow_http": True})

    def stored_bytes(self) -> int:
        """Bytes of all objects on the disk, also parts of uploads that are not complete, which no listing shows."""
        return sum(path.stat().st_size for path in (self.folder / "node/d1").glob("objects/**/*.data"))

    def start(self) -> None:
        """Start the servers and wait until they answer. Raises SwiftDidNotStart."""
        with (self.folder / "log").open("ab") as log:
            self.processes += [
                subprocess.Popen(
                    [BIN / f"swift-{kind}-server", self.folder / f"etc/{kind}.conf"],
                    stdout=log,
                    stderr=log,
                    env=plain_environment() | {"PYTHONPATH": str(PROJECT)},
                    start_new_session=True,
                )
                for kind in (*_KINDS, "proxy")
            ]
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                self.stop()
                raise SwiftDidNotStart((self.folder / "log").read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.1)

    def stop(self) -> None:
        """End the servers at once, as an outage would."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)
        self.processes.clear()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Be away for the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _answers(self) -> bool:
        """Whether a bucket can be made, or is there, and an object in it: that takes all servers."""
        paths = "", "object"
        urls = [sign(self.bucket("ready"), "PUT", path, timedelta(minutes=1)) for path in paths]
        try:
            return all(requests.put(url, timeout=START_SECONDS).status_code in {200, 409} for url in urls)
        except requests.ConnectionError:
            return False


@contextmanager
def swift_server(folder: Path) -> Iterator[SwiftServer]:
    """A server on an empty folder, which ends with the block."""
    server = SwiftServer(folder, free_port())
    _configure(server)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _configure(server: SwiftServer) -> None:
    folder, etc = server.folder, server.folder / "etc"
    etc.mkdir(parents=True)
    (folder / "node/d1").mkdir(parents=True)
    (etc / "swift.conf").write_text(_SWIFT)
    proxy = _PROXY.format(port=server.port, folder=folder, user=getuser())
    (etc / "proxy.conf").write_text(proxy)
    rings: list[str] = []
    for kind in _KINDS:
        port = free_port()
        (etc / f"{kind}.conf").write_text(_STORAGE.format(kind=kind, port=port, folder=folder, user=getuser()))
        rings += str(etc / f"{kind}.ring.gz"), str(port)
    subprocess.run([sys.executable, "-c", _MAKE_RINGS, *rings], check=True, capture_output=True)
