"""Our figure beside the tool's: the rule by which they agree, and the page."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.results.comparison import RESAMPLES, drawn_medians
from benchmarks.results.resampling import interval_of
from benchmarks.text.formatting import machine_line, milliseconds
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.measuring.machine import Machine
from edge_runtime.verdict import NOTICE

RUNS, WARM_UP_RUNS = 200, 100
MOST_APART = 0.10
"""As a share of the tool's figure."""
AGREE, UNDECIDED, NOT = "yes", "undecided", "no"


@dataclass(frozen=True)
class Pair:
    """One file, timed by both.

    Attributes:
        model: name of the file.
        ours_ms: median of each turn.
        tool_ms: likewise, of the tool's run beside it.
    """

    model: str
    ours_ms: tuple[float, ...]
    tool_ms: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours by the tool's, turn by turn: what slows the machine then slows both."""
        pairs = zip(self.ours_ms, self.tool_ms, strict=True)
        return tuple(ours / tool for ours, tool in pairs)

    @property
    def ratio(self) -> float:
        """The median over turns."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> Interval:
        """Of that median, 95 %, by drawing turns."""
        turns = [[ratio] for ratio in self.ratios]
        generator = np.random.default_rng(0)
        return interval_of(drawn_medians(turns, generator, RESAMPLES))

    @property
    def agree(self) -> str:
        """Whether the interval lies within ``MOST_APART``, beyond, or across it."""
        low, high = self.interval.low - 1, self.interval.high - 1
        if -MOST_APART <= low and high <= MOST_APART:
            return AGREE
        return NOT if low > MOST_APART or high < -MOST_APART else UNDECIDED


def agreement_markdown(pairs: Sequence[Pair], machine: Machine) -> str:
    """The page."""
    rows = [
        f"| {pair.model} | {milliseconds(statistics.median(pair.ours_ms))}"
        f" | {milliseconds(statistics.median(pair.tool_ms))} | {pair.ratio:.2f}"
        f" ({pair.interval.low:.2f}\N{EN DASH}{pair.interval.high:.2f})"
        f" | {pair.agree if pair.agree == AGREE else f'**{pair.agree}**'} |"
        for pair in pairs
    ]
    return "\n".join(
        [
            "# Beside litert-benchmark",
            "",
            f"**{NOTICE}**",
            "",
            f"{machine_line(machine)}. Interpreter alone, one thread, medians of {RUNS}"
            f" inferences after {WARM_UP_RUNS}; {len(pairs[0].ours_ms)} turns, each of"
            " both in fresh processes, one after the other and in either order. Ours"
            " hands over another photo each time and takes the score; the tool runs on"
            " one drawn input that is in place already. By the tool's: ratio of a"
            " turn, its median over turns and the 95 % interval of that. They agree"
            f" where the interval lies within {MOST_APART:.0%} of 1, and do not where"
            " it lies beyond.",
            "",
            "| model | ours ms | litert-benchmark ms | by the tool's | agree |",
            "|---|---:|---:|---:|---|",
            *rows,
            "",
        ]
    )
