"""What a comparison may not exceed: ``latency:1.10,recall:-0.01``."""

import argparse
import math
from dataclasses import dataclass

from benchmarks.results.comparison import Change

RATIOS = {
    "latency": "median from photo to verdict, new by old",
    "interpreter": "median of the interpreter alone, new by old",
    "memory": "peak memory, new by old",
}
DIFFERENCES = {
    "recall": "new minus old, at each file's threshold",
    "specificity": "new minus old, at each file's threshold",
    "auc": "new minus old",
    "calls": "share of photos called otherwise, as a loss, each at its threshold",
}


@dataclass(frozen=True)
class Limit:
    """How far one figure may get worse.

    Attributes:
        figure: a name of ``RATIOS`` or ``DIFFERENCES``.
        value: the largest ratio allowed, or the largest loss, as a negative number.
    """

    figure: str
    value: float

    def broken_by(self, change: Change) -> bool:
        """Whether the change is beyond the limit and not mere noise.

        Beyond: the value itself. Not noise: its whole interval is worse than no change
        at all. A limit that the noise of one run reaches would otherwise cry wolf.
        """
        beyond = (
            change.value > self.value
            if self.figure in RATIOS
            else change.value < self.value
        )
        return beyond and change.certain


def read_limits(word: str) -> tuple[Limit, ...]:
    """Limits from the command line; others are refused with a usage message.

    >>> read_limits("latency:1.10,recall:-0.01")[1]
    Limit(figure='recall', value=-0.01)
    """
    return tuple(_limit(part.strip()) for part in word.split(","))


def _limit(part: str) -> Limit:
    figure, _, number = part.partition(":")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    # A ratio below 1 would forbid no change at all, and so would a positive loss.
    if not (figure in RATIOS and 1 <= value < math.inf) and not (
        figure in DIFFERENCES and -1 <= value <= 0
    ):
        raise argparse.ArgumentTypeError(
            f"expected FIGURE:LIMIT, such as latency:1.10 (a ratio of 1 or more:"
            f" {', '.join(RATIOS)}) or recall:-0.01 (a loss from -1 to 0:"
            f" {', '.join(DIFFERENCES)}); got {part!r}"
        )
    return Limit(figure, value)
