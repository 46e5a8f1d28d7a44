"""How much is judged at once, and how much may wait: the rest is told to come back."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.exceptions import ServiceUnavailable

# When a client that was turned away should try again. A photo takes 10 to 200 ms, so
# a full queue is gone by then.
RETRY_AFTER_S = 2


@dataclass(frozen=True)
class Limits:
    """What the server takes from strangers; each field can be chosen on its own.

    Attributes:
        max_upload_bytes: larger request bodies are refused with status 413. A
            12-megapixel photo of a phone has 2 to 6 MB, a 50-megapixel one about 15.
        max_photos: photos in one request of the REST service.
        running: requests whose photos are decoded and judged side by side. Each may
            need 420 MB for a moment (see ``uploads.MAX_WHOLE_PIXELS``).
        waiting: requests that may wait for a place; the next one gets status 503.
        wait_s: the longest wait, after which a request gets status 503 as well.
        request_s: photos of one request that were not begun by then are given up.
        rate: requests with photos from one address, as Flask-Limiter writes it, such
            as ``"60 per minute"``; None for no limit.
    """

    max_upload_bytes: int = 20_000_000
    max_photos: int = 16
    running: int = 2
    waiting: int = 8
    wait_s: float = 10.0
    request_s: float = 30.0
    rate: str | None = "60 per minute"


class Busy(ServiceUnavailable):
    """All places are taken; the answer says when to try again."""

    def __init__(self) -> None:
        """Ask for a pause of ``RETRY_AFTER_S``."""
        super().__init__(
            "Every place is taken at the moment. Nothing was kept; send the photo"
            f" again in {RETRY_AFTER_S} seconds.",
            retry_after=RETRY_AFTER_S,
        )


class Capacity:
    """Places for requests with photos: some run, some wait, no more come in."""

    def __init__(self, limits: Limits) -> None:
        """As many places as ``limits`` say."""
        self._wait_s = limits.wait_s
        self._places = threading.BoundedSemaphore(limits.running + limits.waiting)
        self._running = threading.BoundedSemaphore(limits.running)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place while photos are judged.

        Raises:
            Busy: when none is free, or none became free in time.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._running.acquire(timeout=self._wait_s):
                raise Busy
            try:
                yield
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
