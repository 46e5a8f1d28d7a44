"""Measure model files on this machine: latency, memory and quality on real photos.

Run: python benchmarks/run.py --models models --manifest data/fanconic.csv
"""

import dataclasses
import datetime
import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.errors import BenchmarkError
from benchmarks.html.page import plotly_script
from benchmarks.measure.cases import Case, Tell
from benchmarks.measure.fresh_process import measure_in_fresh_process
from benchmarks.measure.measurement import Measurement
from benchmarks.measure.options import RunSettings, parse
from benchmarks.measure.plan import (
    chosen_models,
    fitted_baseline,
    groups_of,
    one_compression,
    planned,
)
from benchmarks.report import write_report
from benchmarks.reporting.published import read_published
from benchmarks.reporting.summary import summarise
from benchmarks.reporting.tables.overview import overview
from benchmarks.results.gathering import gathered, machine_slug
from benchmarks.results.quality import BySource, quality_by_set, quality_by_source
from benchmarks.results.result import RESULT_FORMAT, BenchmarkResult, Settings
from benchmarks.text.tables import text_table
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import revision
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import LabelledPhoto, read_manifest
from edge_runtime.terminal.command_parser import from_keywords
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine, time_left


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
        # From the cases that are done; they differ, so only roughly.
        spent_s = self._clock() - self._start
        if left := time_left(self._begun - 1, self._cases, spent_s):
            words = f"about {left}, {words}"

        def tell(stage: str, done: int, total: int) -> None:
            show(f"{words}: {stage}", done, total)

        return tell


def benchmark(**options: Any) -> tuple[BenchmarkResult, ...]:
    """Measure files as ``lesion-edge benchmark`` does, and write results and report.

        for result in benchmark(models="models", manifest="data/fanconic.csv"):
            print(result.measurement.subject.name, result.measurement.timing.load_ms)

    What fails is named on standard error, and the rest is measured all the same.

    Args:
        options: those of the command, with underscores.

    Returns:
        A result for each case that was measured, now or with ``resume`` before.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        EdgeRuntimeError: when there is nothing to measure, nothing to measure on, or
            nothing could be measured.
    """
    settings = from_keywords(parse, options)
    results, _ = measured_all(settings)
    _report(settings.out)
    return results


def measured_all(settings: RunSettings) -> tuple[tuple[BenchmarkResult, ...], int]:
    """Measure, and write every result as it comes.

    Returns:
        The results, and how many models and photos failed.

    Raises:
        EdgeRuntimeError: when there is nothing to measure, nothing to measure on, or
            nothing could be measured.
    """
    plotly_script()  # Missing at the end of a long run would be a pity.
    models = chosen_models(settings.models, settings.only)
    photos = read_manifest(settings.manifest)
    _groups(settings, photos)  # Likewise.
    cases = planned(settings, models, photos)
    left = {
        name: case for name, case in cases.items() if not _done(settings, name, case)
    }
    results = [
        BenchmarkResult.read(_path_of(settings, name))
        for name in cases
        if name not in left
    ]
    failures, clock = 0, Remaining(len(left))
    with ProgressLine() as line:
        for place, (name, case) in enumerate(left.items()):
            try:
                tell = clock.told(name, line.show)
                result = _result(settings, case, place, photos, tell)
            except EdgeRuntimeError as error:
                failures += _fail(line, name, str(error))
                continue
            machine = machine_slug(result.measurement.machine_before)
            result.write(settings.out / machine / f"{name}.json")
            results.append(result)
            for reason in result.measurement.failed_photos:
                failures += _fail(line, name, reason)
    if not results:
        raise BenchmarkError("nothing was measured, for the reasons above")
    return tuple(results), failures


def _path_of(settings: RunSettings, name: str) -> Path:
    """Where the result of a case measured on this machine lies."""
    return settings.out / machine_slug(describe_machine()) / f"{name}.json"


def _done(settings: RunSettings, name: str, case: Case) -> bool:
    """Whether --resume finds it measured already."""
    path = _path_of(settings, name)
    return settings.resume and measured(path, case, _recorded(settings, case, 0))


def _result(
    settings: RunSettings,
    case: Case,
    place: int,
    photos: Sequence[LabelledPhoto],
    tell: Tell,
) -> BenchmarkResult:
    """Measure one case in a fresh process and work out its quality here."""
    if case.model is None:
        case = dataclasses.replace(case, baseline=fitted_baseline(photos, tell))
    tell("starting", 0, 0)
    measurement = measure_in_fresh_process(case, tell)
    tell("intervals", 0, 0)
    judged = _judged(settings, measurement, photos)
    return BenchmarkResult(
        format=RESULT_FORMAT,
        measured_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        revision=revision(),
        settings=_recorded(settings, case, place),
        measurement=measurement,
        quality=judged.quality,
        over_sources=judged.over_sources,
    )


def _judged(
    settings: RunSettings, measurement: Measurement, photos: Sequence[LabelledPhoto]
) -> BySource:
    """Quality, source by source where the split's photos are of several."""
    subject = measurement.subject
    if any(photo.source is not None for photo in measurement.scores):
        return quality_by_source(
            measurement.scores,
            settings.split,
            threshold=subject.threshold_score,
            temperature=subject.temperature,
            groups=_groups(settings, photos),
        )
    quality = quality_by_set(
        measurement.scores,
        settings.split,
        threshold=subject.threshold_score,
        temperature=subject.temperature,
        subset=one_compression(photos, settings.split, settings.manifest.parent),
        groups=_groups(settings, photos),
    )
    return BySource(quality, None)


def _groups(
    settings: RunSettings, photos: Sequence[LabelledPhoto]
) -> dict[str, str] | None:
    if settings.by is None:
        return None
    folder = settings.manifest.parent
    return groups_of(photos, settings.by, settings.split, folder)


def _recorded(settings: RunSettings, case: Case, place: int) -> Settings:
    return Settings(
        command=settings.command,
        manifest=settings.manifest.name,
        manifest_sha256=hashlib.sha256(settings.manifest.read_bytes()).hexdigest(),
        split=settings.split,
        protocol=case.protocol,
        threads=case.threads,
        cpus=case.cpus,
        order_seed=settings.order_seed,
        place=place,
    )


def _fail(line: ProgressLine, name: str, reason: str) -> int:
    """Name one failure on standard error; returns 1, to count it."""
    line.clear()
    print(f"error: {name}: {reason}", file=sys.stderr)
    return 1


def _report(folder: Path) -> str:
    """Report on everything in the folder; returns the overview."""
    report = summarise(gathered([folder]), read_published())
    path = write_report(report, folder)
    lines = []
    for section in report.sections:
        table = overview(section.rows)
        lines.append(f"{section.machine}\n{text_table(table.head, table.rows)}\n")
        lines.append("".join(f"{problem}\n" for problem in section.problems))
    return "\n".join((*lines, f"{report.notice}\n{path}"))


@exit_status(stopped="stopped; what was measured is kept, --resume goes on from there")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    _, failures = measured_all(settings)
    print(_report(settings.out))
    return 3 if failures else 0


def measured(path: Path, case: Case, wanted: Settings) -> bool:
    """Whether a result is there already: of the same file, measured in the same way.

    Args:
        path: of the result.
        case: what would be measured.
        wanted: what its settings would be; command and place in the order may differ.

    Raises:
        BenchmarkError: when the result cannot be read.
        EdgeRuntimeError: when the model cannot be.
    """
    if not path.exists():
        return False
    found = BenchmarkResult.read(path)
    there = found.settings
    wanted = dataclasses.replace(
        wanted,
        command=there.command,
        order_seed=there.order_seed,
        place=there.place,
    )
    return there == wanted and _model_of(case) == (
        found.measurement.subject.model_sha256,
        found.measurement.subject.threshold_score,
    )


def _model_of(case: Case) -> tuple[str | None, float | None]:
    if case.model is None:
        return None, None  # Fitting takes seconds; the baseline is measured again.
    card = read_model_file(Path(case.model)).card
    return card.model_sha256, card.threshold.score


if __name__ == "__main__":
    raise SystemExit(main())
