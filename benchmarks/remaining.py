"""How far a benchmark of several cases has come, and how long the rest may take."""

import time
from collections.abc import Callable

from benchmarks.measure.cases import Tell


class Remaining:
    """Counts cases and keeps the time they took."""

    def __init__(self, cases: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock; ``cases`` are still to be measured."""
        self._cases, self._begun = cases, 0
        self._clock, self._start = clock, clock()

    def told(self, name: str, show: Tell) -> Tell:
        """Begin the next case; what it tells is shown with its name and place."""
        self._begun += 1
        words = f"{self._begun} of {self._cases}: {name}"
        if left := self._left():
            words = f"{left}, {words}"

        def tell(stage: str, done: int, total: int) -> None:
            show(f"{words}: {stage}", done, total)

        return tell

    def _left(self) -> str | None:
        """From the cases that are done; they differ, so only roughly."""
        done = self._begun - 1
        if not done:
            return None
        seconds = (self._clock() - self._start) / done * (self._cases - done)
        if seconds < 90:
            return f"about {seconds:.0f} s left"
        return f"about {seconds / 60:.0f} min left"
