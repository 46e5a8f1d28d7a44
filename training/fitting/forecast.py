"""How long a training will take, told after its first batches."""

import sys
import time
from collections.abc import Callable

from tqdm import tqdm

from edge_runtime.terminal.progress import duration

_WARM_UP = 2
"""Batches that also build the graph and fill the first augmented photos."""
_MEASURED = 8


class Forecast:
    """Counts batches; says once what an epoch and all of them will take."""

    def __init__(
        self,
        steps: int,
        epochs: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Start before the first batch.

        Args:
            steps: batches of an epoch.
            epochs: that are left, at most.
            clock: seconds.
            tell: where the sentence goes; standard error, above a progress bar, unless
                given.
        """
        self._steps, self._epochs = steps, epochs
        self._clock, self._tell = clock, tell or _above_the_bar
        self._done, self._warm_s = 0, 0.0
        self._last = min(_WARM_UP + _MEASURED, steps)

    def batch_done(self) -> None:
        """Count one more batch."""
        self._done += 1
        if self._done == _WARM_UP:
            self._warm_s = self._clock()
        elif self._done == self._last and self._done > _WARM_UP:
            batch_s = (self._clock() - self._warm_s) / (self._done - _WARM_UP)
            epoch_s = batch_s * self._steps
            self._tell(
                f"by the first {self._done} batches an epoch of {self._steps:,} takes"
                f" {duration(epoch_s)}, and all that may follow"
                f" {duration(epoch_s * self._epochs)} ({self._epochs});"
                " it stops earlier where validation no longer gets better"
            )


def _above_the_bar(text: str) -> None:
    tqdm.write(text, file=sys.stderr)
