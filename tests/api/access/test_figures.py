"""The figures of the server's running, as Prometheus reads them."""

import asyncio
import re

import pytest

from app.access.scopes import AccessScope
from app.middleware.crowding import Turnstile
from app.settings import LimitsSettings
from tests.api.access.guarded import OURS, Guarded
from tests.api.answers import store
from tests.examples import new_instance


def test_requests_are_told_by_transaction_and_status(server: Guarded) -> None:
    server.ask("GET", "/studies", server.admin)
    server.ask("GET", "/studies")
    figures = _figures(server)
    assert figures['fovea_requests_total{status="200",transaction="SearchForStudies"}'] == 1
    assert figures['fovea_requests_total{status="401",transaction="SearchForStudies"}'] == 1
    assert figures['fovea_request_seconds_count{transaction="SearchForStudies"}'] == 2
    assert figures['fovea_request_seconds_bucket{le="120.0",transaction="SearchForStudies"}'] == 2
    assert figures['fovea_sent_bytes_total{transaction="SearchForStudies"}'] > 100
    assert figures["fovea_requests_in_progress"] == 1


def test_instances_are_told_by_what_became_of_them(server: Guarded) -> None:
    server.ask("GET", "/studies", server.admin)
    first = new_instance()
    changed = new_instance(SOPInstanceUID=first.SOPInstanceUID, StudyInstanceUID=first.StudyInstanceUID)
    changed.PatientComments = "another"
    store(server.client, first, changed, Authorization=server.admin)
    figures = _figures(server)
    assert figures['fovea_received_instances_total{outcome="stored",reason=""}'] == 3
    assert figures['fovea_received_instances_total{outcome="failed",reason="0111"}'] == 1


@pytest.mark.parametrize(
    ("path", "accept", "cache"),
    [
        (f"{OURS.url_path}/frames/1", 'application/octet-stream; transfer-syntax="*"', "frame_indexes"),
        (f"{OURS.url_path}/frames/1", "image/jls", "transcoded_frames"),
        (f"{OURS.url_path}/rendered", "image/png", "renderings"),
    ],
)
def test_what_is_asked_for_again_is_a_hit_of_its_cache(server: Guarded, path: str, accept: str, cache: str) -> None:
    for _ in range(3):
        assert server.ask("GET", path, server.admin, accept=accept).status_code == 200
    figures = _figures(server)
    assert figures[f'fovea_cache_requests_total{{cache="{cache}",outcome="miss"}}'] == 1
    assert figures[f'fovea_cache_requests_total{{cache="{cache}",outcome="hit"}}'] == 2
    assert _figures(server)[f'fovea_cache_requests_total{{cache="{cache}",outcome="hit"}}'] == 2


@pytest.mark.parametrize("queue", ["index_writes", "cpu_work", "pictures"])
def test_nothing_waits_in_a_server_at_rest(server: Guarded, queue: str) -> None:
    assert _figures(server)[f'fovea_queue_length{{queue="{queue}"}}'] == 0


async def test_who_waits_for_a_turn_is_counted() -> None:
    turnstile = Turnstile(LimitsSettings(heavy_requests=1))
    await turnstile.take_place()
    assert turnstile.waiting() == 0
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(turnstile.take_place())
        await asyncio.sleep(0)
        assert turnstile.waiting() == 1
        turnstile.leave_place()
    assert turnstile.waiting() == 0


def _figures(server: Guarded) -> dict[str, float]:
    answer = server.ask("GET", "http://testserver/metrics", server.token(AccessScope.METRICS))
    assert answer.headers["content-type"].startswith("text/plain")
    found = re.findall(r"^(fovea_\S+) (\S+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in found}
