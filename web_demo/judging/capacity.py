"""How much is judged at once, and how much may wait: the rest is told to come back."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, request

from web_demo.problems import Problem, Refused

# When a client that was turned away should try again. A photo takes 10 to 200 ms, so
# a full queue is gone by then.
RETRY_AFTER_S = 2

# Set in the WSGI environment by web_demo.guards.http_server when it had to drop a
# request's body.
NO_ROOM = "lesion_edge.no_room"


@dataclass(frozen=True)
class Limits:
    """What the server takes from strangers; each field can be chosen on its own.

    Attributes:
        max_upload_bytes: larger request bodies are refused with status 413. A
            12-megapixel photo of a phone has 2 to 6 MB, a 50-megapixel one about 15.
        max_held_bytes: what the bodies of all requests may hold together while they
            arrive and wait; a body for which nothing is left gets status 503.
        max_photos: photos in one request of the REST service.
        running: requests whose photos are decoded and judged side by side. Each may
            need 160 MB for a moment (see ``uploads.MAX_DECODED_BYTES``), one of them
            300 MB (``uploads.MAX_HEIF_PIXELS``).
        waiting: requests that may wait for a place; the next one gets status 503.
        wait_s: the longest wait, after which a request gets status 503 as well.
        request_s: what a request may take, waiting included. Nothing more is begun
            then: no photo, no model, no inference of a heat map. What one photo takes
            is bounded by its size (see ``uploads``).
        rate: requests with photos from one address, as Flask-Limiter writes it, such
            as ``"60 per minute"``; None for no limit.
        all_rate: requests of any kind from one address. A first visit makes 50.
    """

    max_upload_bytes: int = 20_000_000
    max_held_bytes: int = 80_000_000
    max_photos: int = 16
    running: int = 2
    waiting: int = 8
    wait_s: float = 10.0
    request_s: float = 30.0
    rate: str | None = "60 per minute"
    all_rate: str | None = "1200 per minute"


class Busy(Refused):
    """All places are taken; the answer says when to try again."""

    def __init__(self) -> None:
        """Ask for a pause of ``RETRY_AFTER_S``."""
        problem = Problem("server.busy", {"seconds": RETRY_AFTER_S})
        super().__init__(problem, RETRY_AFTER_S)


class OutOfTime(Refused):
    """The request took longer than it may."""

    def __init__(self) -> None:
        """Say what could make it faster."""
        super().__init__(Problem("server.no_time"), RETRY_AFTER_S)


class Deadline:
    """When one request has to be over."""

    def __init__(self, request_s: float) -> None:
        """Start the clock."""
        self._end_s = time.monotonic() + request_s

    def is_over(self) -> bool:
        """Whether nothing more should be begun."""
        return time.monotonic() > self._end_s

    def check(self) -> None:
        """Go on, or raise ``OutOfTime``."""
        if self.is_over():
            raise OutOfTime


class Capacity:
    """Places for requests with photos: some run, some wait, no more come in."""

    def __init__(self, limits: Limits) -> None:
        """As many places as ``limits`` say."""
        self._limits = limits
        self._places = threading.BoundedSemaphore(limits.running + limits.waiting)
        self._running = threading.BoundedSemaphore(limits.running)

    @contextlib.contextmanager
    def place(self) -> Iterator[Deadline]:
        """Hold one place while a form is read and its photos are judged.

        Raises:
            Busy: when none is free, or none became free in time.
        """
        deadline = Deadline(self._limits.request_s)
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._running.acquire(timeout=self._limits.wait_s):
                raise Busy
            try:
                yield deadline
            finally:
                self._running.release()
        finally:
            self._places.release()

    def is_full(self) -> bool:
        """Whether the next request would be turned away."""
        if not self._places.acquire(blocking=False):
            return True
        self._places.release()
        return False


def turn_away_without_room(app: Flask) -> None:
    """Answer with status 503 where the server had to drop the request's body."""

    @app.before_request
    def check_room() -> None:
        if request.environ.get(NO_ROOM):
            raise Busy
