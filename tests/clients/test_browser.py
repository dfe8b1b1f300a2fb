"""A page of another origin in a real browser, Chromium, that searches and reads with credentials."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from dicomweb_client.api import DICOMwebClient

from app.access.scopes import AccessScope
from app.access.tokens import Allowance, create_token
from tests.examples import NATIVE, example
from tests.live_server import LiveServer, live_server
from tests.source_frames import source_frames

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

BROWSER_SECONDS = 60

PAGE = """<!doctype html><pre id="told">nothing</pre><script type="module">
const root = %(root)s, path = %(path)s, authorization = %(authorization)s;
async function ask(url, headers) {
  try {
    const answer = await fetch(root + url, {headers});
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const exposed = Object.fromEntries(answer.headers);
    return {status: answer.status, length: bytes.length, text: new TextDecoder().decode(bytes.slice(0, 3000)), exposed};
  } catch (error) {
    return {error: String(error)};
  }
}
const known = {Authorization: authorization};
const told = {
  search: await ask('/studies', {...known, Accept: 'application/dicom+json'}),
  metadata: await ask(path + '/metadata', known),
  frame: await ask(path + '/frames/1', {...known, Accept: 'application/octet-stream; transfer-syntax="*"'}),
  stranger: await ask('/studies', {}),
  missing: await ask('/nothing', known),
};
document.getElementById('told').textContent = JSON.stringify(told);
</script>
"""


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, str]]:
    """A server with one instance, and a token for it."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    token = create_token(data / "tokens.json", Allowance(frozenset({AccessScope.READ, AccessScope.WRITE})))
    with live_server(data) as server:
        client = DICOMwebClient(server.root, headers={"Authorization": f"Bearer {token}"})
        client.store_instances([example(NATIVE).data_set()])
        yield server, token


def test_a_page_of_another_origin_reads_with_a_token(guarded_server: tuple[LiveServer, str], tmp_path: Path) -> None:
    server, token = guarded_server
    told = _open(tmp_path, server.root, f"Bearer {token}", isolated=True)
    assert told["search"]["status"] == told["metadata"]["status"] == told["frame"]["status"] == 200
    assert example(NATIVE).study in told["search"]["text"]
    assert told["frame"]["length"] == len(source_frames(example(NATIVE).data_set())[0])
    assert {"content-type", "content-length"} <= told["frame"]["exposed"].keys()


def test_it_can_tell_why_it_is_refused(guarded_server: tuple[LiveServer, str], tmp_path: Path) -> None:
    server, token = guarded_server
    told = _open(tmp_path, server.root, f"Bearer {token}")
    assert told["stranger"]["status"] == 401
    assert "Bearer" in told["stranger"]["exposed"]["www-authenticate"]
    assert told["missing"]["status"] == 404
    assert '"title":"Not Found"' in told["missing"]["text"]


def test_it_reads_nothing_of_an_open_server(tmp_path: Path) -> None:
    with live_server(tmp_path / "data") as server:
        told = _open(tmp_path / "profile", server.root, "Bearer none")
    assert all(answer.keys() == {"error"} for answer in told.values())


def _open(profile: Path, root: str, authorization: str, *, isolated: bool = False) -> dict[str, Any]:
    """What the page says when Chromium has opened it."""
    values = {"root": root, "path": example(NATIVE).url_path, "authorization": authorization}
    page = PAGE % {name: json.dumps(value) for name, value in values.items()}
    with _site(page.encode(), isolated=isolated) as url:
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--timeout=20000"]
        done = subprocess.run(
            [str(CHROMIUM), *options, "--virtual-time-budget=15000", "--dump-dom", url],
            capture_output=True,
            text=True,
            timeout=BROWSER_SECONDS,
            check=False,
        )
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


@contextmanager
def _site(page: bytes, *, isolated: bool) -> Iterator[str]:
    """A site with one page, on a port and under a name of its own; perhaps isolated from other origins, as OHIF is."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if isolated:
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://viewer.localhost:{site.server_port}/"
        finally:
            site.shutdown()
            thread.join()
