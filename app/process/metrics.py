"""Figures of the server's running, as Prometheus reads them."""

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request

from app.dicom.store_report import StoreReport
from app.process.shared_figures import SHARED_FOLDER, forget_dead_processes

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
"""Bounds of the buckets of durations: from a frame to a study."""

OTHER = "other"
"""The transaction of a request that no guarded route took."""

REFRESH_SECONDS = 2.0
"""How old figures of another process may be where they are looked at from time to time only."""


class CountedCache(Protocol):
    """A memory that counts how often it had what was asked for."""

    hits: int
    misses: int


class Metrics:
    """What is counted. A transaction is called by its operation id in the API description.

    Requests and instances are counted as they come. Caches and queues count for themselves, which costs nothing where
    it matters, and are looked at by ``refresh``.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("fovea_requests", "Requests answered", ["transaction", "status"], registry=registry)
        self._seconds = Histogram(
            "fovea_request_seconds",
            "From the request to the end of its answer",
            ["transaction"],
            buckets=SECONDS,
            registry=registry,
        )
        self._sent = Counter("fovea_sent_bytes", "Bytes of answers", ["transaction"], registry=registry)
        self._instances = Counter(
            "fovea_received_instances",
            "Instances received: stored, stored with a warning, or failed, and why (PS3.18 I.2.2)",
            ["outcome", "reason"],
            registry=registry,
        )
        self._at_once = Gauge(
            "fovea_requests_in_progress", "Requests being answered", multiprocess_mode="livesum", registry=registry
        )
        self._look_ups = Counter(
            "fovea_cache_requests", "Look-ups in what is kept in memory", ["cache", "outcome"], registry=registry
        )
        self._waiting = Gauge(
            "fovea_queue_length", "What waits for its turn", ["queue"], multiprocess_mode="livesum", registry=registry
        )
        self._found: dict[tuple[str, int], tuple[Counter, Histogram, Counter]] = {}
        self._caches: dict[str, CountedCache] = {}
        self._counted: dict[tuple[str, str], int] = {}
        self._queues: dict[str, Callable[[], int]] = {}

    def watch_cache(self, name: str, cache: CountedCache) -> None:
        """From now on tell of a cache."""
        self._caches[name] = cache

    def watch_queue(self, name: str, length: Callable[[], int]) -> None:
        """From now on tell of a queue, whose length a call gives."""
        self._queues[name] = length

    def begin(self) -> None:
        """A request has come."""
        self._at_once.inc()

    def end(self, transaction: str, status: int, seconds: float, sent: int) -> None:
        """It is answered, with so many bytes."""
        self._at_once.dec()
        requests, durations, bytes_sent = self._answered(transaction, status)
        requests.inc()
        durations.observe(seconds)
        bytes_sent.inc(sent)

    def _answered(self, transaction: str, status: int) -> tuple[Counter, Histogram, Counter]:
        """The figures of a transaction, remembered: to find them takes longer than to count."""
        found = self._found.get((transaction, status))
        if found is None:
            requests = self._requests.labels(transaction, status)
            found = requests, self._seconds.labels(transaction), self._sent.labels(transaction)
            self._found[transaction, status] = found
        return found

    def received(self, report: StoreReport) -> None:
        """Count the instances of a store request."""
        for stored in report.stored:
            warning = stored.warning_reason
            labels = ("stored", "") if warning is None else ("warning", f"{warning:04X}")
            self._instances.labels(*labels).inc()
        for failed in report.failed:
            self._instances.labels("failed", f"{failed.failure_reason:04X}").inc()

    def refresh(self) -> None:
        """Look at the caches and queues of this process."""
        for name, cache in self._caches.items():
            self._count_on(name, "hit", cache.hits)
            self._count_on(name, "miss", cache.misses)
        for name, length in self._queues.items():
            self._waiting.labels(name).set(length())

    async def keep_fresh(self) -> None:
        """Look at them all the time, for the process that is asked may be another than this one."""
        while SHARED_FOLDER in os.environ:
            self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    def text(self) -> bytes:
        """All figures, of all server processes where they share them."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        forget_dead_processes()
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

    def _count_on(self, cache: str, outcome: str, count: int) -> None:
        before = self._counted.get((cache, outcome), 0)
        self._look_ups.labels(cache, outcome).inc(count - before)
        self._counted[cache, outcome] = count


def note_received(request: Request, report: StoreReport) -> None:
    """Count what became of the instances of a store request, and name their studies for the audit log."""
    metrics: Metrics = request.app.state.metrics
    metrics.received(report)
    stored = (outcome.key.study_instance_uid for outcome in report.stored)
    request.state.studies = tuple(dict.fromkeys([*request.state.studies, *(uid for uid in stored if uid)]))
