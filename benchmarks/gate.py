"""Whether a commit made the runtime slower, or lets it call photos otherwise.

Run: python benchmarks/gate.py --before HEAD~1

Times of two machines differ by more than any mistake, so the earlier commit is measured
here too: the same model file and drawn photos, in turns, and only ratios count.
"""

import argparse
import datetime
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import compare
from benchmarks.errors import BenchmarkError
from benchmarks.measure.cases import Case, CasePhoto
from benchmarks.measure.fresh_process import measure_in_fresh_process
from benchmarks.measure.measurement import Measurement
from benchmarks.results.result import RESULT_FORMAT, BenchmarkResult
from benchmarks.results.result import Settings as RunSettings
from edge_runtime.measuring.latency import PRESETS
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine

FAIL_ON = "latency:1.15,interpreter:1.15,calls:0"
SIDES_PX = (144, 150)
"""Of the photos: one size of the real ones, and one that another resize divides."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    before: str
    model: Path
    samples: Path
    turns: int
    fail_on: str


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Measure one model file with an earlier commit and with this"
        " checkout, in turns on this machine, and compare them.",
        epilog="exit status: 0 no limit broken; 1 one of the two cannot be measured;"
        " 2 wrong usage; 4 a limit broken",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--before", default="HEAD~1", help="commit to compare this checkout with")
    option(
        "--model",
        type=Path,
        default=CHECKOUT / "models/lesion64.qat_int8.tflite",
        help="file that both measure",
    )
    option("--samples", type=Path, default=CHECKOUT / "samples", help="drawn photos")
    option("--turns", type=at_least(2), default=5, help="of each, side by side")
    option("--fail-on", default=FAIL_ON, help="as of compare.py")
    return Settings(**vars(parser.parse_args(arguments)))


def gate(settings: Settings) -> int:
    """Measure both in turns; returns the exit status of ``compare.py``.

    Raises:
        BenchmarkError: when there is no such commit, or one cannot be measured.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        checked_out(settings.before, Path(name) / "checkout") as earlier,
    ):
        folder = Path(name)
        photos = turned_photos(settings.samples, folder / "photos")
        case = _case(settings.model, folder / "photos", photos)
        sides = [("before", earlier), ("now", CHECKOUT)]
        with ProgressLine() as line:
            for turn in range(settings.turns):
                line.show("turns", turn, settings.turns)
                for side, checkout in sides:
                    measurement = measure_in_fresh_process(case, _say_nothing, checkout)
                    path = folder / f"{side}/{turn}/machine/{settings.model.stem}.json"
                    _result(case, measurement).write(path)
                # Who is second may meet another machine: each is, half of the time.
                sides.reverse()
        words = [str(folder / side) for side in ("before", "now")]
        return compare.main([*words, "--fail-on", settings.fail_on])


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Another commit of this repository in a folder, until the block ends."""
    _run(["git", "worktree", "add", "--quiet", "--detach", str(folder), commit])
    try:
        yield folder
    finally:
        _run(["git", "worktree", "remove", "--force", str(folder)])


def turned_photos(samples: Path, folder: Path) -> tuple[CasePhoto, ...]:
    """Every drawn lesion, turned and mirrored in eight ways and two sizes.

    As many photos as that, since a call changes only where a score is near the
    threshold. They measure no quality: only whether both sides call them alike.
    """
    folder.mkdir()
    photos = []
    for path in sorted(samples.glob("drawn_*.png")):
        with Image.open(path) as opened:
            drawn = opened.convert("RGB")
        for way in (None, *Image.Transpose):
            turned = drawn if way is None else drawn.transpose(way)
            for side_px in SIDES_PX:
                name = f"{path.stem}_{way}_{side_px}.png"
                turned.resize((side_px, side_px)).save(folder / name)
                # The label only lets compare.py count; see samples/README.md.
                label = "irregular" in path.stem
                photos.append(CasePhoto(name, label, path.stem, lesion_in_train=False))
    if not photos:
        raise BenchmarkError(f"expected drawn_*.png in {samples}; there are none")
    return tuple(photos)


def _case(model: Path, folder: Path, photos: tuple[CasePhoto, ...]) -> Case:
    return Case(
        model=str(model.resolve()),
        baseline=None,
        folder=str(folder),
        photos=photos,
        protocol=PRESETS["quick"],
        threads=1,
        cpus=None,
        sustained_secs=0.0,
        power_csv=None,
    )


def _result(case: Case, measurement: Measurement) -> BenchmarkResult:
    settings = RunSettings(
        command="python benchmarks/gate.py",
        manifest="drawn photos, turned",
        manifest_sha256="",
        split="test",
        protocol=case.protocol,
        threads=case.threads,
        cpus=case.cpus,
        order_seed=0,
        place=0,
    )
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return BenchmarkResult(RESULT_FORMAT, now, revision(), settings, measurement, ())


def _say_nothing(stage: str, done: int, total: int) -> None:
    """Between two lines of progress."""


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(
        command, cwd=CHECKOUT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BenchmarkError(f"{' '.join(command)} failed: {last[-300:]}")


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    return gate(parse(arguments))


if __name__ == "__main__":
    raise SystemExit(main())
