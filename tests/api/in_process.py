"""A client of a server in the same process: no socket between them, and the tests stay plain functions."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from app.main import create_app
from app.settings import Settings

ROOT = "/dicom-web"


class InProcessClient:
    """Requests below the DICOMweb root. The server's event loop runs while it answers."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self._runner = runner
        self._client = client

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET; ``_`` in the name of a header stands for ``-``."""
        return self.request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """POST."""
        return self.request("POST", path, headers, content)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        """Any request; an absolute URL is taken as it is."""
        return self._runner.run(self._client.request(method, path, headers=headers, content=content))


@contextmanager
def in_process(settings: Settings) -> Iterator[InProcessClient]:
    """A server with these settings, from its start to its end."""
    app = create_app(settings)
    # What the server raises becomes its answer, as in a process of its own.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=f"http://testserver{ROOT}")
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        try:
            yield InProcessClient(runner, client)
        finally:
            runner.run(client.aclose())
            runner.run(lifespan.__aexit__(None, None, None))
