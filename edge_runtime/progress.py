"""How far a long job is, on standard error, only where a person looks at it."""

import sys
import time
from types import TracebackType

# Often enough to look alive, seldom enough to cost nothing.
_EVERY_S = 0.2
_WIDTH = 30


class Progress:
    """A bar that stays silent unless standard error is a terminal."""

    def __init__(self, total: int, what: str, *, done: int = 0) -> None:
        """Count ``total`` steps of ``what``, ``done`` of which were done before."""
        self._total, self._what, self._done, self._first = total, what, done, done
        self._shown = sys.stderr.isatty() and total > 1
        self._start_s = self._last_s = time.monotonic()

    def __enter__(self) -> "Progress":
        """Begin."""
        return self

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        now_s = time.monotonic()
        if self._shown and now_s - self._last_s >= _EVERY_S:
            self._last_s = now_s
            print(f"\r{self.line(now_s)}", end="", file=sys.stderr, flush=True)

    def line(self, now_s: float) -> str:
        """The bar in words: how many, how fast, how long still."""
        rate = (self._done - self._first) / max(now_s - self._start_s, 1e-9)
        left_s = (self._total - self._done) / rate if rate else 0.0
        filled = _WIDTH * self._done // max(self._total, 1)
        return (
            f"{self._what} [{'#' * filled}{'.' * (_WIDTH - filled)}]"
            f" {self._done} of {self._total}, {rate:.0f}/s, {left_s:.0f} s left "
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave a clean line behind."""
        if self._shown:
            print("\r" + " " * 78 + "\r", end="", file=sys.stderr, flush=True)
