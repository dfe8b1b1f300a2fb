"""nginx as a process of the tests' own, with the documented configuration."""

import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from tests.certificates import new_certificate
from tests.cluster.polling import poll
from tests.live_server import STOP_SECONDS, LiveServer, free_port

DOCUMENTED = Path(__file__).parents[2] / "docs/nginx/fovea.conf"
PROGRAM = which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")

_AROUND = """
daemon off;
worker_processes 1;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/temporary/body;
    proxy_temp_path {folder}/temporary/answers;
    fastcgi_temp_path {folder}/temporary/fastcgi;
    uwsgi_temp_path {folder}/temporary/uwsgi;
    scgi_temp_path {folder}/temporary/scgi;
    include {folder}/fovea.conf;
}}
"""
"""What the distribution's own nginx.conf does; the program is not to write anywhere else."""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx on a folder of its own."""

    folder: Path
    port: int
    plain_port: int

    @property
    def origin(self) -> str:
        """What clients know the servers by."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> str:
        """By which clients know that it is the right one."""
        return str(self.folder / "certificate.pem")

    def temporary_files(self) -> list[Path]:
        """Bodies that wait on the disk."""
        return [path for path in (self.folder / "temporary").rglob("*") if path.is_file()]

    def cached_files(self) -> list[Path]:
        """Answers that are kept."""
        return [path for path in (self.folder / "cache").rglob("*") if path.is_file()]


@contextmanager
def nginx(folder: Path, servers: Sequence[LiveServer], more: str = "") -> Iterator[Nginx]:
    """nginx before two servers, with ``more`` in its server, until the block ends."""
    assert PROGRAM is not None
    (folder / "temporary").mkdir(parents=True)
    new_certificate(folder)
    started = Nginx(folder, free_port(), free_port())
    (folder / "more").mkdir()
    (folder / "more/location.conf").write_text(more)
    (folder / "fovea.conf").write_text(_configuration(started, servers))
    user = "user root;" if Path.home() == Path("/root") else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"],
            stdout=output,
            stderr=output,
        )
    try:
        poll(lambda: process.poll() is not None or _listens(started.port))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _configuration(started: Nginx, servers: Sequence[LiveServer]) -> str:
    """The documented file with ports and paths of this machine; each must be there to be replaced."""
    first, second = servers
    text = DOCUMENTED.read_text(encoding="utf-8")
    for documented, here in (
        (r"fovea-1:8080", f"127.0.0.1:{first.port}"),
        (r"fovea-2:8080", f"127.0.0.1:{second.port}"),
        (r"listen 80;", f"listen 127.0.0.1:{started.plain_port};"),
        (r"listen 443 ", f"listen 127.0.0.1:{started.port} "),
        (r"127\.0\.0\.1:8079", f"127.0.0.1:{free_port()}"),
        (r"/etc/nginx/tls", str(started.folder)),
        (r"/var/cache/nginx/fovea", f"{started.folder}/cache"),
        (r"/etc/nginx/fovea\.d", f"{started.folder}/more"),
    ):
        text, found = re.subn(documented, here, text)
        assert found, documented
    return text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
