"""Our figure for a file beside that of LiteRT's own benchmark tool.

Run: python benchmarks/agreement.py --photos data/fanconic/test
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.counts import at_least
from benchmarks.errors import BenchmarkError
from benchmarks.peer_runtimes import OURS, Files
from benchmarks.peer_waiting import running
from benchmarks.timing import evenly_spaced
from benchmarks.wording import machine_line, milliseconds
from edge_runtime.atomic import write_text
from edge_runtime.exit_status import exit_status
from edge_runtime.machine import Machine, describe_machine
from edge_runtime.model_file import read_model_file
from edge_runtime.photo_list import photos_in
from edge_runtime.preprocessing import load_pixels
from edge_runtime.verdict import NOTICE

CHECKOUT = Path(__file__).resolve().parents[1]
FILE, PAGE = "agreement.json", "agreement.md"
TOOL = "ai_edge_litert.tools.benchmark_litert_model"
RUNS, WARM_UP_RUNS = 200, 20
MOST_APART = 0.10
"""As a share of the tool's figure."""
HALF_A_DIGIT_MS = 0.005
"""The tool writes hundredths of a millisecond."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    photos: Path
    out: Path
    turns: int
    only: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """One file, timed by both.

    Attributes:
        model: name of the file.
        ours_ms: median of each turn.
        tool_ms: likewise, as the tool wrote it.
    """

    model: str
    ours_ms: tuple[float, ...]
    tool_ms: tuple[float, ...]

    @property
    def apart(self) -> float:
        """Ours by the tool's, less 1; both the median over turns."""
        return statistics.median(self.ours_ms) / statistics.median(self.tool_ms) - 1

    @property
    def agree(self) -> bool:
        """Within ``MOST_APART``, and what the tool rounded away."""
        tool_ms = statistics.median(self.tool_ms)
        room_ms = MOST_APART * tool_ms + HALF_A_DIGIT_MS
        return abs(statistics.median(self.ours_ms) - tool_ms) <= room_ms


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Time every model file in our runtime and in litert-benchmark, in"
        f" turns of {RUNS} inferences on one thread.",
        epilog=f"exit status: 0 all agree within {MOST_APART:.0%}; 1 a file, a photo or"
        " the tool is missing; 2 wrong usage; 4 they do not agree",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option("--photos", type=Path, default=CHECKOUT / "samples", help="photo or folder")
    option("--out", type=Path, default=CHECKOUT / "results", help=f"for {FILE}, {PAGE}")
    option("--turns", type=at_least(1), default=7, help="of each, one after the other")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these models")
    words = parser.parse_args(arguments)
    return Settings(**{**vars(words), "only": tuple(words.only)})


def measure(settings: Settings) -> tuple[Pair, ...]:
    """Both figures of every file.

    Raises:
        BenchmarkError: when there is no file or photo, or the tool cannot run.
    """
    models = [
        path
        for path in sorted(settings.models.glob("*.tflite"))
        if not settings.only or path.stem in settings.only
    ]
    photos = evenly_spaced(list(photos_in([settings.photos])), 50)
    if not models or not photos[0].is_file():
        raise BenchmarkError(
            f"expected model files in {settings.models} and photos in"
            f" {settings.photos}; there are none"
        )
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            _pair(path, photos, Path(folder), settings.turns) for path in models
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
    ours, tool = [], []
    with running(case) as worker:
        worker.ask({"infer": WARM_UP_RUNS})
        for _ in range(turns):
            ours.append(statistics.median(worker.ask({"infer": RUNS})))
            tool.append(by_the_tool(model, folder / "tool.json"))
    return Pair(model.stem, tuple(ours), tuple(tool))


def by_the_tool(model: Path, result: Path) -> float:
    """Median in milliseconds of one run of ``litert-benchmark``.

    Raises:
        BenchmarkError: with its last words, when it cannot run.
    """
    command = [sys.executable, "-m", TOOL, "--model", str(model), "--num_threads", "1"]
    command += ["--num_runs", str(RUNS), "--warmup_runs", str(WARM_UP_RUNS)]
    command += ["--result_json", str(result)]
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


def agreement_markdown(pairs: Sequence[Pair], machine: Machine) -> str:
    """The page."""
    rows = [
        f"| {pair.model} | {milliseconds(statistics.median(pair.ours_ms))}"
        f" | {statistics.median(pair.tool_ms):.2f} | {pair.apart:+.0%}"
        f" | {'yes' if pair.agree else '**no**'} |"
        for pair in pairs
    ]
    return "\n".join(
        [
            "# Beside litert-benchmark",
            "",
            f"**{NOTICE}**",
            "",
            f"{machine_line(machine)}. Interpreter alone, one thread, medians of {RUNS}"
            f" inferences, {len(pairs[0].ours_ms)} turns of each one after the other;"
            " ours on photos, the tool's on its own input, which it writes with two"
            f" decimals. They agree where ours is within {MOST_APART:.0%} of it, and"
            " half of its last digit.",
            "",
            "| model | ours ms | litert-benchmark ms | apart | agree |",
            "|---|---:|---:|---:|---|",
            *rows,
            "",
        ]
    )


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
    return 0 if all(pair.agree for pair in pairs) else 4


if __name__ == "__main__":
    raise SystemExit(main())
