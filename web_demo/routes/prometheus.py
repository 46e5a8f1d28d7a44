"""Counts and durations for Prometheus; never a name, an address or a score."""

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from edge_runtime.verdict import Verdict
from web_demo.routes.openapi import Operation, described

# From a small model on a fast machine to the time limit of a request.
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """What one app has done since it started."""

    def __init__(self) -> None:
        """Start at zero, apart from every other app of this process."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "lesion_edge_requests",
            "Requests answered.",
            ("endpoint", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lesion_edge_request_seconds",
            "Time from the complete request to its answer.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._verdicts = Counter(
            "lesion_edge_verdicts",
            "Photos judged.",
            ("model", "decision"),
            registry=self._registry,
        )
        self._stages = Counter(
            "lesion_edge_stage_seconds",
            "Time spent in each stage of judging photos.",
            ("model", "stage"),
            registry=self._registry,
        )

    def count(self, verdict: Verdict) -> None:
        """Count one photo that was judged."""
        self._verdicts.labels(verdict.model, verdict.decision).inc()
        for stage, spent_ms in verdict.timings_ms.items():
            if stage != "total":
                self._stages.labels(verdict.model, stage).inc(spent_ms / 1000)

    def watch(self, app: Flask) -> None:
        """Count every request of ``app``, and answer ``/metrics``."""

        @app.before_request
        def start() -> None:
            g.started_s = time.perf_counter()

        @app.after_request
        def count_request(response: Response) -> Response:
            # The address is the sender's to choose; the endpoint is ours.
            endpoint = request.endpoint or "none"
            method = request.method if request.endpoint else "any"
            self._requests.labels(endpoint, method, response.status_code).inc()
            if "started_s" in g:
                spent_s = time.perf_counter() - g.started_s
                self._seconds.labels(endpoint).observe(spent_s)
            return response

        @app.get("/metrics")
        @described(Operation(None, ("421",)))
        def metrics() -> Response:
            """Counts and durations since the start, as Prometheus reads them."""
            return Response(
                generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST
            )
