"""How time and memory grow: input, batch, threads, megapixels, number of photos.

Run: python -m benchmarks.costs.cost_bench --models models --photos samples --out
results
"""

import argparse
import dataclasses
import json
import shlex
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.costs.cases import (
    AXES,
    MEGAPIXELS,
    PHOTO_MEGAPIXELS,
    Cost,
    CostCase,
    planned,
)
from benchmarks.costs.large_photos import enlarged
from benchmarks.costs.report import (
    FILE,
    PAGE,
    SHEET,
    CostReport,
    CostRow,
    axis_table,
    costs_csv,
    costs_markdown,
)
from benchmarks.errors import BenchmarkError
from benchmarks.measure.options import add_protocol_options, protocol_of
from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import evenly_spaced
from benchmarks.text.tables import text_table
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, to_json
from edge_runtime.measuring.latency import Protocol
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.photos.paths import photos_in
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE

_MOST_PHOTOS = 64
# Axes by the first word of their names, as on the command line.
_WORDS = {axis.split()[0]: axis for axis in AXES}


@dataclass(frozen=True)
class Settings:
    """What the command line asks for, and the line itself."""

    models: Path
    only: tuple[str, ...]
    axes: tuple[str, ...]
    photos: Path
    out: Path
    protocol: Protocol
    command: str


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Measure time and memory, each point in a fresh process, as the"
        " input, the batch, the threads, the photo or the number of photos grows."
        " Research and education; not a medical device.",
        epilog="exit status: 0 measured; 1 a model or photo cannot be used; 2 wrong"
        " usage",
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these models")
    option(
        "--axes",
        nargs="+",
        choices=_WORDS,
        default=[*_WORDS],
        help="what grows (default: all)",
    )
    option("--photos", type=Path, default=CHECKOUT / "samples", help="photo or folder")
    option("--out", type=Path, default=CHECKOUT / "results", help=f"for {FILE}, {PAGE}")
    add_protocol_options(parser)
    parser.set_defaults(preset="quick")
    options = parser.parse_args(arguments)
    said = sys.argv[1:] if arguments is None else arguments
    return Settings(
        options.models,
        tuple(options.only),
        tuple(_WORDS[word] for word in options.axes),
        options.photos,
        options.out,
        protocol_of(options),
        shlex.join(["python", "-m", "benchmarks.costs.cost_bench", *said]),
    )


def measure(settings: Settings) -> CostReport:
    """All points, one process after the other.

    Raises:
        EdgeRuntimeError: when a model or a photo cannot be used.
    """
    models = chosen_models(settings.models, settings.only)
    photos = evenly_spaced(list(photos_in([settings.photos])), _MOST_PHOTOS)
    before = describe_machine()
    with tempfile.TemporaryDirectory() as folder, ProgressLine() as line:
        large = (
            dict(_enlarged(photos[0], Path(folder)))
            if MEGAPIXELS in settings.axes
            else {}
        )
        cases = list(
            planned(
                models.values(),
                settings.axes,
                tuple(str(photo.resolve()) for photo in photos),
                large,
                before.cores,
                settings.protocol,
            )
        )
        rows = []
        for place, case in enumerate(cases):
            now = f"{case.axis}, {Path(case.model).stem}"
            line.show("cases measured", place, len(cases), now)
            rows.append(
                CostRow(
                    case.axis,
                    case.measure,
                    Path(case.model).stem,
                    case.amount,
                    _in_fresh_process(case),
                )
            )
    return CostReport(revision().commit, before, settings.command, tuple(rows))


def _enlarged(photo: Path, folder: Path) -> Iterator[tuple[float, str]]:
    """The photo with sensor noise at every size, by its megapixels."""
    for megapixels in PHOTO_MEGAPIXELS:
        height_px = 10 * round((megapixels * 1e6 * 3 / 4) ** 0.5 / 10)
        path = folder / f"{megapixels}.jpg"
        path.write_bytes(enlarged(photo, 1, height_px * 4 // 3, height_px))
        yield megapixels, str(path)


def _in_fresh_process(case: CostCase) -> Cost:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.costs.worker"],
        input=json.dumps(dataclasses.asdict(case)),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BenchmarkError(words[-1].removeprefix("error: "))
    values = json.loads(done.stdout.splitlines()[-1])
    return typing.cast("Cost", build(Cost, values, "cost"))


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    report = measure(settings)
    write_text(settings.out / FILE, to_json(report))
    write_text(settings.out / SHEET, costs_csv(report))
    write_text(settings.out / PAGE, costs_markdown(report))
    for axis in settings.axes:
        table = axis_table(report, axis)
        print(f"{table.title}\n{text_table(table.head, table.rows)}\n")
    print(f"{NOTICE}\n{settings.out / PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
