"""Our figure for a file beside that of LiteRT's own benchmark tool.

Run: python -m benchmarks.peers.litert_agreement --photos data/fanconic/test
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import evenly_spaced
from benchmarks.peers.process import running
from benchmarks.peers.runtimes import OURS, Files
from benchmarks.results.comparison import RESAMPLES, drawn_medians
from benchmarks.results.resampling import interval_of
from benchmarks.text.formatting import machine_line, milliseconds
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import Machine, describe_machine
from edge_runtime.measuring.revision import CHECKOUT
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.paths import photos_in
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
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
        tool_ms: median of the tool's run beside it.
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


FILE, PAGE = "agreement.json", "agreement.md"
TOOL = "ai_edge_litert.tools.benchmark_litert_model"
# The tool rounds to hundredths of a millisecond, a fifth of the smallest file's time;
# with a rounding of its own that keeps every digit it writes what it measured.
_UNROUNDED = (
    f"import {TOOL} as tool; tool.round = lambda value, digits: value; tool.main()"
)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    photos: Path
    out: Path
    turns: int
    only: tuple[str, ...]


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Time every model file in our runtime and in litert-benchmark, in"
        f" turns of {RUNS} inferences on one thread.",
        epilog=f"exit status: 0 all agree within {MOST_APART:.0%}; 1 a file, a photo"
        " or the tool is missing; 2 wrong usage; 3 some are undecided, which more turns"
        " or a quieter machine decide; 4 some do not agree",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option("--photos", type=Path, default=CHECKOUT / "samples", help="photo or folder")
    option("--out", type=Path, default=CHECKOUT / "results", help=f"for {FILE}, {PAGE}")
    option("--turns", type=at_least(2), default=11, help="of each, side by side")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these models")
    options = parser.parse_args(arguments)
    return Settings(**{**vars(options), "only": tuple(options.only)})


def measure(settings: Settings) -> tuple[Pair, ...]:
    """Both figures of every file.

    Raises:
        EdgeRuntimeError: when there is no file or photo, or the tool cannot run.
    """
    models = chosen_models(settings.models, settings.only)
    photos = evenly_spaced(list(photos_in([settings.photos])), 50)
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            _pair(path, photos, Path(folder), settings.turns)
            for path in models.values()
        )


def _pair(model: Path, photos: Sequence[Path], folder: Path, turns: int) -> Pair:
    size_px = read_model_file(model).card.input.size_px
    pixels = folder / "pixels.npy"
    np.save(pixels, np.stack([load_pixels(photo, size_px) for photo in photos]))
    # The other forms are for peers that read no .tflite.
    files = dataclasses.asdict(Files(*[model.resolve()] * 4))
    case = {
        "peer": OURS,
        "files": {name: str(path) for name, path in files.items()},
        "pixels": str(pixels),
        "photos": [str(photo.resolve()) for photo in photos],
    }
    found: dict[str, list[float]] = {"ours": [], "tool": []}
    timers: dict[str, Callable[[], float]] = {
        "ours": lambda: by_ours(case),
        "tool": lambda: by_the_tool(model, folder / "tool.json"),
    }
    names = list(timers)
    for _ in range(turns):
        for name in names:
            found[name].append(timers[name]())
        # Who is second meets a warmer processor: each is, half of the time.
        names.reverse()
    return Pair(model.stem, tuple(found["ours"]), tuple(found["tool"]))


def by_ours(case: Mapping[str, Any]) -> float:
    """Median in milliseconds of our runtime, in a fresh process as the tool's.

    Where a process happens to get its memory moves its times by several per cent, for
    as long as it lives.
    """
    with running(case) as worker:
        worker.ask({"infer": WARM_UP_RUNS})
        samples: list[float] = worker.ask({"infer": RUNS})
        return statistics.median(samples)


def by_the_tool(model: Path, result: Path) -> float:
    """Median in milliseconds of one run of ``litert-benchmark``.

    Raises:
        BenchmarkError: with its last words, when it cannot run.
    """
    command = [
        sys.executable, "-c", _UNROUNDED, "--model", str(model), "--num_threads", "1",
        "--num_runs", str(RUNS), "--warmup_runs", str(WARM_UP_RUNS),
        "--result_json", str(result),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        written = json.loads(result.read_text("utf-8"))
        result.unlink()
        return float(written["latency"]["median_ms"])
    except (OSError, ValueError, KeyError) as error:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BenchmarkError(
            f"{TOOL} gave no median ({last[-300:]}); install ai-edge-litert 2.3"
        ) from error


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    before = describe_machine()
    pairs = measure(settings)
    text = agreement_markdown(pairs, before)
    values = {
        "machine": dataclasses.asdict(before),
        "pairs": [dataclasses.asdict(pair) for pair in pairs],
    }
    write_text(settings.out / FILE, json.dumps(values, indent=2) + "\n")
    write_text(settings.out / PAGE, text)
    print(text)
    said = {pair.agree for pair in pairs}
    return 4 if NOT in said else 3 if UNDECIDED in said else 0


if __name__ == "__main__":
    raise SystemExit(main())
