"""Compare two sets of results, and fail when something became worse than allowed.

Run: python benchmarks/compare.py OLD NEW --fail-on latency:1.10,recall:-0.01
"""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.errors import BenchmarkError
from benchmarks.reporting.conditions import invalid_reasons
from benchmarks.reporting.summary import name_of
from benchmarks.results.comparison import (
    Change,
    Runs,
    changed_calls,
    quality_changes,
    ratio_of_medians,
)
from benchmarks.results.gathering import gathered
from benchmarks.results.result import BenchmarkResult
from benchmarks.text.formatting import NOT_MEASURED
from benchmarks.text.tables import text_table
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE

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


Repeats = Sequence[BenchmarkResult]
"""Results of one model on one machine, measured once or several times."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    old: Path
    new: Path
    fail_on: tuple[Limit, ...]
    relative_to: str | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    figures = "; ".join(
        f"{name}: {what}" for name, what in (RATIOS | DIFFERENCES).items()
    )
    parser = CommandParser(
        description="Compare results of the same models: durations as ratios of"
        " medians, recall, specificity and AUC on the same photos, each with its 95 %"
        " interval by bootstrap. Several results of one model on one machine count as"
        " repeats, and the difference between repeats as noise.",
        epilog=f"A limit is broken when the change is beyond it and its whole interval"
        f" is worse than no change. Figures: {figures}. exit status: 0 no limit"
        " broken; 1 the results cannot be compared; 2 wrong usage; 4 a limit broken.",
    )
    parser.add_argument("old", type=Path, help="result file, or folder of them")
    parser.add_argument("new", type=Path, help="the newer results: a file or a folder")
    parser.add_argument(
        "--fail-on",
        type=read_limits,
        default=(),
        metavar="FIGURE:LIMIT,...",
        help="what may not be exceeded, such as latency:1.10,recall:-0.01",
    )
    parser.add_argument(
        "--relative-to",
        metavar="NAME",
        help="divide durations by those of this model on the same machine, so that"
        " results of different machines compare",
    )
    return Settings(**vars(parser.parse_args(arguments)))


def compare(settings: Settings) -> tuple[str, ...]:
    """Print the table of changes; returns the limits that are broken, in words.

    Raises:
        BenchmarkError: when the results have nothing in common, or lack a figure that
            a limit asks for.
    """
    by_name = settings.relative_to is not None
    old, new = (_repeats(path, by_name) for path in (settings.old, settings.new))
    names = [name for name in new if name in old and name != settings.relative_to]
    if not names:
        raise BenchmarkError(
            f"{settings.old} and {settings.new} have no model on one machine in common"
            f" (old: {', '.join(old)}; new: {', '.join(new)}). Results of different"
            " machines compare with --relative-to NAME."
        )
    changes = {name: _changes(old, new, name, settings.relative_to) for name in names}
    figures = tuple(RATIOS | DIFFERENCES)
    print(
        text_table(
            ("model", *figures),
            [
                (name, *(_in_words(found.get(figure)) for figure in figures))
                for name, found in changes.items()
            ],
        )
    )
    print(f"\n{_caption(old, new, names)}\n{NOTICE}")
    return tuple(_broken(changes, settings.fail_on))


def _repeats(path: Path, by_name: bool) -> dict[str, list[BenchmarkResult]]:
    """Results by model, and by machine too unless only the name counts."""
    repeats: dict[str, list[BenchmarkResult]] = {}
    for machine, results in gathered([path], repeats=True).items():
        for result in results:
            name = name_of(result)
            if reasons := invalid_reasons(result.measurement):
                raise BenchmarkError(
                    f"{path}: {name} was measured while the machine was not itself"
                    f" ({', '.join(reasons)}); measure it again"
                )
            key = name if by_name else f"{machine}/{name}"
            repeats.setdefault(key, []).append(result)
    return repeats


def _changes(
    old: Mapping[str, Repeats],
    new: Mapping[str, Repeats],
    name: str,
    reference: str | None,
) -> dict[str, Change]:
    """Every figure that both sides have."""
    changes = {}
    for figure in ("latency", "interpreter"):
        before, after = (_durations(side[name], figure) for side in (old, new))
        if not before or not after:
            continue
        beside = reference and (_reference(old, reference), _reference(new, reference))
        changes[figure] = ratio_of_medians(before, after, beside or None)
    memory = [_memory(side[name]) for side in (old, new)]
    if memory[0] and memory[1]:
        ratio = memory[1] / memory[0]
        changes["memory"] = Change(ratio, Interval(ratio, ratio), 1.0)
    then, now = (side[name][-1].measurement for side in (old, new))
    if then.scores and now.scores:
        changes |= quality_changes(then, now)
        changes["calls"] = changed_calls(then, now)
    return changes


def _durations(results: Repeats, figure: str) -> Runs:
    timings = [result.measurement.timing for result in results]
    runs = [
        timing.photo_to_verdict_ms if figure == "latency" else timing.interpreter_ms
        for timing in timings
    ]
    return [run for run in runs if run]


def _reference(side: Mapping[str, Repeats], name: str) -> Runs:
    runs = _durations(side.get(name, ()), "latency")
    if not runs:
        raise BenchmarkError(
            f"--relative-to names {name}, which was not timed on both sides; there are"
            f" {', '.join(side)}"
        )
    return runs


def _memory(results: Repeats) -> float | None:
    known = [result.measurement.memory.peak_mib for result in results]
    return max((peak for peak in known if peak is not None), default=None)


def _in_words(change: Change | None) -> str:
    if change is None:
        return NOT_MEASURED
    sign = "+" if change.unchanged == 0 else ""
    low, high = change.interval.low, change.interval.high
    ends = "" if low == high else f" ({low:{sign}.3f} to {high:{sign}.3f})"
    return f"{change.value:{sign}.3f}{ends}"


def _caption(
    old: Mapping[str, Repeats], new: Mapping[str, Repeats], names: Sequence[str]
) -> str:
    text = (
        "Latency, interpreter and memory: new by old. Recall, specificity and AUC: new"
        " minus old, on the photos that both judged; calls: the share of these that is"
        " called otherwise, as a loss. In brackets the 95 % interval."
    )
    if any(len(side[name]) == 1 for side in (old, new) for name in names):
        text += (
            " Some were measured once only: their intervals leave out how one run"
            " differs from the next."
        )
    return text


def _broken(
    changes: Mapping[str, Mapping[str, Change]], limits: Sequence[Limit]
) -> list[str]:
    broken = []
    for limit in limits:
        for name, found in changes.items():
            if limit.figure not in found:
                raise BenchmarkError(
                    f"--fail-on asks for {limit.figure}, which was not measured on"
                    f" both sides for {name}"
                )
            if limit.broken_by(found[limit.figure]):
                broken.append(
                    f"{name}: {limit.figure} {_in_words(found[limit.figure])}, allowed"
                    f" {limit.value:g}"
                )
    return broken


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    broken = compare(parse(arguments))
    for words in broken:
        print(f"worse than allowed: {words}", file=sys.stderr)
    return 4 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
