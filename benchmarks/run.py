"""Measure model files on this machine: latency, memory and quality on real photos.

Run: python benchmarks/run.py --models models --manifest data/fanconic.csv
"""

import argparse
import dataclasses
import datetime
import hashlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import colour_baseline
from benchmarks.case import Case
from benchmarks.counts import at_least
from benchmarks.errors import BenchmarkError
from benchmarks.gathering import gathered
from benchmarks.isolation import measure_in_fresh_process
from benchmarks.machine_slug import machine_slug
from benchmarks.markdown import text_table
from benchmarks.page import plotly_script
from benchmarks.planning import (
    chosen_models,
    fitted_baseline,
    groups_of,
    split_photos,
)
from benchmarks.published import read_published
from benchmarks.quality import quality_by_set
from benchmarks.report import write_report
from benchmarks.results import RESULT_FORMAT, BenchmarkResult, Settings
from benchmarks.summary import summarise
from benchmarks.tables import overview
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.manifest import SPLITS, LabelledPhoto, read_manifest
from edge_runtime.progress import ProgressLine
from edge_runtime.revision import revision


@dataclass(frozen=True)
class RunSettings:
    """What the command line asks for; one field per option, and the line itself."""

    models: Path
    manifest: Path
    split: str
    out: Path
    runs: int
    warmup: int
    threads: int
    only: tuple[str, ...]
    by: str | None
    command: str


def parse(arguments: Sequence[str] | None) -> RunSettings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Measure every model file of a folder, each in a fresh process,"
        " and the colour-only baseline; write results and a report.",
        epilog="exit status: 0 all measured; 1 nothing could be; 2 wrong usage; 3 some"
        " models or photos failed and are named on standard error",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    option = parser.add_argument
    option(
        "--models", type=Path, default=Path("models"), help="folder of .tflite files"
    )
    option("--manifest", type=Path, required=True, help="table of labelled photos")
    option("--split", choices=SPLITS, default="test", help="whose photos are judged")
    option("--out", type=Path, default=Path("results"), help="folder for the results")
    option("--runs", type=at_least(1), default=200, help="timed inferences and photos")
    option("--warmup", type=at_least(0), default=20, help="untimed ones before them")
    option("--threads", type=at_least(1), default=1, help="threads of the interpreter")
    option(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help="measure just these: files without .tflite, or " + colour_baseline.NAME,
    )
    option(
        "--by",
        metavar="COLUMN",
        help="a column of the manifest, such as skin_tone: quality for each value too",
    )
    words = parser.parse_args(arguments)
    said = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "benchmarks/run.py", *said])
    return RunSettings(**{**vars(words), "only": tuple(words.only)}, command=command)


def benchmark(settings: RunSettings) -> int:
    """Measure, write every result as it comes, then the report.

    What fails is named on standard error, and the rest is measured all the same.

    Returns:
        How many models and photos failed.

    Raises:
        EdgeRuntimeError: when there is nothing to measure, nothing to measure on, or
            nothing could be measured.
    """
    plotly_script()  # Missing at the end of a long run would be a pity.
    models = chosen_models(settings.models, settings.only)
    photos = read_manifest(settings.manifest)
    _groups(settings, photos)  # Likewise.
    written, failures = 0, 0
    with ProgressLine() as line:
        for name, case in _cases(settings, models, photos).items():
            try:
                result = _result(settings, name, case, photos, line)
            except EdgeRuntimeError as error:
                failures += _fail(line, name, str(error))
                continue
            machine = machine_slug(result.measurement.machine_before)
            result.write(settings.out / machine / f"{name}.json")
            written += 1
            for reason in result.measurement.failed_photos:
                failures += _fail(line, name, reason)
    if not written:
        raise BenchmarkError("nothing was measured, for the reasons above")
    _report(settings.out)
    return failures


def _cases(
    settings: RunSettings, models: Mapping[str, Path], photos: Sequence[LabelledPhoto]
) -> dict[str, Case]:
    """One case per model file, then the baseline's, which is not fitted yet."""
    folder = settings.manifest.parent
    common = Case(
        model=None,
        baseline=None,
        folder=str(folder.resolve()),
        photos=split_photos(photos, settings.split, folder),
        runs=settings.runs,
        warmup=settings.warmup,
        threads=settings.threads,
    )
    cases = {
        name: dataclasses.replace(common, model=str(path.resolve()))
        for name, path in models.items()
    }
    if not settings.only or colour_baseline.NAME in settings.only:
        cases[colour_baseline.NAME] = common
    return cases


def _result(
    settings: RunSettings,
    name: str,
    case: Case,
    photos: Sequence[LabelledPhoto],
    line: ProgressLine,
) -> BenchmarkResult:
    """Measure one case in a fresh process and work out its quality here."""

    def tell(stage: str, done: int, total: int) -> None:
        line.show(f"{name}: {stage}", done, total)

    if case.model is None:
        case = dataclasses.replace(case, baseline=fitted_baseline(photos, tell))
    tell("starting", 0, 0)
    measurement = measure_in_fresh_process(case, tell)
    tell("intervals", 0, 0)
    subject = measurement.subject
    return BenchmarkResult(
        format=RESULT_FORMAT,
        measured_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        revision=revision(),
        settings=_recorded(settings),
        measurement=measurement,
        quality=quality_by_set(
            measurement.scores,
            settings.split,
            threshold=subject.threshold_score,
            temperature=subject.temperature,
            groups=_groups(settings, photos),
        ),
    )


def _groups(
    settings: RunSettings, photos: Sequence[LabelledPhoto]
) -> dict[str, str] | None:
    if settings.by is None:
        return None
    folder = settings.manifest.parent
    return groups_of(photos, settings.by, settings.split, folder)


def _recorded(settings: RunSettings) -> Settings:
    return Settings(
        command=settings.command,
        manifest=settings.manifest.name,
        manifest_sha256=hashlib.sha256(settings.manifest.read_bytes()).hexdigest(),
        split=settings.split,
        runs=settings.runs,
        warmup=settings.warmup,
        threads=settings.threads,
    )


def _fail(line: ProgressLine, name: str, reason: str) -> int:
    """Name one failure on standard error; returns 1, to count it."""
    line.clear()
    print(f"error: {name}: {reason}", file=sys.stderr)
    return 1


def _report(folder: Path) -> None:
    """Report on everything in the folder, and print the overview."""
    report = summarise(gathered([folder]), read_published())
    path = write_report(report, folder)
    for section in report.sections:
        table = overview(section.rows)
        print(f"{section.machine}\n{text_table(table.head, table.rows)}\n")
        print("".join(f"{problem}\n" for problem in section.problems))
    print(f"{report.notice}\n{path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    try:
        return 3 if benchmark(parse(arguments)) else 0
    except EdgeRuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
