"""A client of a server in the same process: no socket between them, and the tests stay plain functions."""

import asyncio
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from app.main import create_app
from app.settings import Settings
from tests.archives import placed
from tests.empty_index import place_empty_index

ROOT = "/dicom-web"

Content = bytes | AsyncIterable[bytes]
"""A body at once, which has a Content-Length, or in the pieces in which it is to arrive, which has none."""


class PlannedRequest(NamedTuple):
    """A request to be sent with others."""

    method: str
    path: str
    headers: Mapping[str, str] | None = None
    content: Content | None = None


class InProcessClient:
    """Requests below the DICOMweb root. The server's event loop runs while it answers."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self._runner = runner
        self._client = client

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET; ``_`` in the name of a header stands for ``-``."""
        return self.request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, content: Content, headers: Mapping[str, str]) -> httpx.Response:
        """POST."""
        return self.request("POST", path, headers, content)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, content: Content | None = None
    ) -> httpx.Response:
        """Any request; an absolute URL is taken as it is."""
        return self._runner.run(self._client.request(method, path, headers=headers, content=content))

    def raw(self, path: str, headers: Mapping[str, str]) -> bytes:
        """The bytes of the answer to a GET as they are sent, in whatever content coding."""

        async def read() -> bytes:
            async with self._client.stream("GET", path, headers=headers) as answer:
                return b"".join([chunk async for chunk in answer.aiter_raw()])

        return self._runner.run(read())

    def together(self, requests: Sequence[PlannedRequest]) -> list[httpx.Response]:
        """Several requests at the same time; their answers in the same order."""

        async def send_all() -> list[httpx.Response]:
            return await asyncio.gather(
                *(
                    self._client.request(method, path, headers=headers, content=content)
                    for method, path, headers, content in requests
                )
            )

        return self._runner.run(send_all())


async def in_pieces(content: bytes, size: int) -> AsyncIterable[bytes]:
    """A body in pieces of ``size`` bytes, without a Content-Length: as the server sees one in chunks."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


@contextmanager
def in_process(settings: Settings) -> Iterator[InProcessClient]:
    """A server with these settings, from its start to its end."""
    settings = placed(settings)
    if not settings.index.url:
        place_empty_index(settings.data)
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
