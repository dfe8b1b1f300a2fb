"""What many ask for at the same time is made once, and a bounded amount of it is remembered."""

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.main import create_app
from app.rendering.options import RenderOptions
from app.services import rendering
from app.services.content import Content
from app.services.shown_instance import read
from app.services.subject import Subject, draw
from app.settings import RenderingSettings, Settings
from tests.api.answers import store
from tests.api.in_process import ROOT, InProcessClient, PlannedRequest, in_process
from tests.api.rendered.objects import flat, image, path, series_path
from tests.archives import placed
from tests.examples import part10
from tests.multipart_requests import CONTENT_TYPE, store_body

VIEWERS = 30
JPEG = {"Accept": "image/jpeg"}


class Renderings(list[str]):
    """The media types of the pictures that were drawn, in order."""


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> Renderings:
    """Counts what the server draws."""
    counted = Renderings()

    def draw_and_count(shown: Subject, data: bytes, media_type: str, options: RenderOptions) -> bytes:
        counted.append(media_type)
        return draw(shown, data, media_type, options)

    monkeypatch.setattr(rendering, "draw", draw_and_count)
    return counted


@pytest.mark.parametrize("resource", ["rendered", "frames/1/rendered", "thumbnail"])
def test_thirty_viewers_cost_one_rendering(client: InProcessClient, renderings: Renderings, resource: str) -> None:
    store(client, data_set := flat(99, 64))
    answers = client.together([PlannedRequest("GET", f"{path(data_set)}/{resource}", JPEG)] * VIEWERS)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(renderings) == 1


def test_a_series_thumbnail_costs_no_more_than_that_of_its_instance(
    client: InProcessClient, renderings: Renderings
) -> None:
    store(client, data_set := flat(99))
    for base in (path(data_set), series_path(data_set), series_path(data_set)):
        assert client.get(f"{base}/thumbnail").status_code == 200
    assert len(renderings) == 1


def test_each_wish_is_a_rendering_of_its_own(client: InProcessClient, renderings: Renderings) -> None:
    store(client, data_set := flat(99, 64))
    queries = ["", "?quality=50", "?viewport=9,9", "?window=1,2,linear", "?iccprofile=yes"]
    answers = [client.get(f"{path(data_set)}/rendered{query}") for query in (*queries, *queries)]
    assert len({answer.content for answer in answers}) == len(renderings) == len(queries)


def test_who_holds_a_picture_costs_no_rendering(client: InProcessClient, renderings: Renderings) -> None:
    store(client, data_set := flat(99))
    tag = client.get(f"{path(data_set)}/rendered?quality=1").headers["etag"]
    renderings.clear()
    assert client.get(f"{path(data_set)}/rendered?quality=1", if_none_match=tag).status_code == 304
    assert not renderings


def test_no_more_is_remembered_than_the_settings_say(data_folder: Path, renderings: Renderings) -> None:
    settings = Settings(data=data_folder, rendering=RenderingSettings(cache_bytes=0))
    with in_process(settings) as client:
        store(client, data_set := flat(99))
        for _ in range(3):
            assert client.get(f"{path(data_set)}/rendered").status_code == 200
    assert len(renderings) == 3


def test_who_goes_away_takes_nothing_from_those_who_stay(
    data_folder: Path, renderings: Renderings, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    data_set = image(noise)
    settings = placed(Settings(data=data_folder))

    async def ask() -> httpx.Response:
        app = create_app(settings)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=f"http://testserver{ROOT}") as client,
        ):
            begun = asyncio.Event()

            async def read_and_tell(content: Content) -> bytes:
                begun.set()
                await asyncio.sleep(0)
                return await read(content)

            monkeypatch.setattr(rendering, "read", read_and_tell)
            await client.post(
                "/studies", content=store_body([part10(data_set)]), headers={"Content-Type": CONTENT_TYPE}
            )
            first = asyncio.create_task(client.get(f"{path(data_set)}/rendered"))
            await begun.wait()
            others = asyncio.gather(*(client.get(f"{path(data_set)}/rendered") for _ in range(3)))
            first.cancel()
            return (await others)[0]

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    assert len(renderings) == 1


def test_what_nobody_waits_for_any_more_is_not_made(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = flat(9)
    settings = placed(Settings(data=data_folder))

    async def ask() -> list[Message]:
        app = create_app(settings)
        ended, sent = asyncio.Event(), []

        async def read_forever(content: Content) -> bytes:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return b""

        async def gone() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        async def gone_in_the_middle(scope: Scope, receive: Receive, _: Send) -> None:
            await app(scope, gone, send)

        async with app.router.lifespan_context(app):
            base_url = f"http://testserver{ROOT}"
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url) as client:
                body = store_body([part10(data_set)])
                await client.post("/studies", content=body, headers={"Content-Type": CONTENT_TYPE})
            monkeypatch.setattr(rendering, "read", read_forever)
            transport = httpx.ASGITransport(gone_in_the_middle)
            async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
                with suppress(AssertionError):  # there is no answer
                    await client.get(f"{path(data_set)}/rendered")
            async with asyncio.timeout(10):
                await ended.wait()
        return sent

    assert asyncio.run(ask()) == []
