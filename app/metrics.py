"""Figures of the server's running, as Prometheus reads them."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request

from app.dicom.store_report import StoreReport

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which several server processes share their figures in files."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
"""Bounds of the buckets of durations: from a frame to a study."""

OTHER = "other"
"""The transaction of a request that no guarded route took."""


class Metrics:
    """What is counted. A transaction is called by its operation id in the API description."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fovea_requests", "Requests answered", ["transaction", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "fovea_request_seconds",
            "From the request to the end of its answer",
            ["transaction"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._sent = Counter("fovea_sent_bytes", "Bytes of answers", ["transaction"], registry=self._registry)
        self._instances = Counter(
            "fovea_received_instances",
            "Instances received, by what became of them",
            ["outcome"],
            registry=self._registry,
        )
        self._at_once = Gauge(
            "fovea_requests_in_progress",
            "Requests being answered",
            multiprocess_mode="livesum",
            registry=self._registry,
        )

    def begin(self) -> None:
        """A request has come."""
        self._at_once.inc()

    def end(self, transaction: str, status: int, seconds: float, sent: int) -> None:
        """It is answered, with so many bytes."""
        self._at_once.dec()
        self._requests.labels(transaction, status).inc()
        self._seconds.labels(transaction).observe(seconds)
        self._sent.labels(transaction).inc(sent)

    def received(self, report: StoreReport) -> None:
        """Count the instances of a store request."""
        self._instances.labels("stored").inc(len(report.stored))
        self._instances.labels("failed").inc(len(report.failed))

    def text(self) -> bytes:
        """All figures, of all server processes where they share them."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)


def note_received(request: Request, report: StoreReport) -> None:
    """Count what became of the instances of a store request."""
    metrics: Metrics = request.app.state.metrics
    metrics.received(report)
