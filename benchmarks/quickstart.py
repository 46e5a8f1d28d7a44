"""The first two minutes: verdicts on drawn photos, and what they cost here.

Run: python benchmarks/quickstart.py
"""

import argparse
import datetime
import shlex
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.errors import BenchmarkError
from benchmarks.html.page import page, plotly_script
from benchmarks.measure.measurement import MODEL, Interpreter
from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import stages_of, time_interpreter, time_photos
from benchmarks.reporting.conditions import (
    Fact,
    busy,
    commit_in_words,
    interpreter_facts,
    machine_facts,
    together,
)
from benchmarks.reporting.summary import (
    Report,
    Row,
    Section,
    durations,
    in_order,
    median_stages,
    photos_per_second,
)
from benchmarks.reporting.tables.overview import headline_caption, overview
from benchmarks.results.gathering import machine_slug
from benchmarks.results.quality import quality_on_card
from benchmarks.text.tables import Table, text_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError, PhotoError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.latency import counted
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.photos.paths import photos_in
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import INVESTIGATE, MONITOR, UNCERTAIN, UNUSABLE, Verdict

UNREADABLE = "cannot be read"

_MARKS = {INVESTIGATE: "!", UNCERTAIN: "?", MONITOR: "-", UNUSABLE: "x"}

Verdicts = Mapping[str, Mapping[str, Verdict]]
"""Verdicts by photo and model; a photo that could not be read has none."""


def verdict_table(verdicts: Verdicts, thresholds: Mapping[str, float]) -> Table:
    """One row per photo, one column per model.

    Args:
        verdicts: of every photo, in the order to show them.
        thresholds: of every model, on the calibrated scale, in the order to show them.
    """
    rows = [
        ("threshold", *(f"{value:.2f}" for value in thresholds.values()), ""),
        *(
            (
                photo,
                *(_cell(of_photo.get(name)) for name in thresholds),
                _findings(of_photo),
            )
            for photo, of_photo in verdicts.items()
        ),
    ]
    return Table(
        "Verdicts on drawn photos",
        ("photo", *thresholds, "findings"),
        tuple(rows),
        "Decision and calibrated probability of malignancy. A drawing has no diagnosis:"
        " these verdicts are neither right nor wrong.",
    )


def narrow_table(verdicts: Verdicts, thresholds: Mapping[str, float]) -> Table:
    """The same for a terminal: marks, no words; findings are left to ``cautions``."""
    shown = dict(zip(thresholds, without_common_end([*thresholds]), strict=True))
    rows = [
        ("threshold", *(f"{value:.2f}  " for value in thresholds.values())),
        *(
            (photo, *(_mark(of_photo.get(name)) for name in thresholds))
            for photo, of_photo in verdicts.items()
        ),
    ]
    marks = ", ".join(f"{mark} {decision}" for decision, mark in _MARKS.items())
    return Table(
        "Verdicts on drawn photos",
        ("photo", *shown.values()),
        tuple(rows),
        f"Calibrated probability of malignancy, and the decision: {marks}."
        " A drawing has no diagnosis: these verdicts are neither right nor wrong.",
    )


def narrow_overview(rows: Sequence[Row]) -> Table:
    """Speed, quality and size for a terminal of 100 columns, in the order of rows."""
    names = without_common_end([row.name for row in rows])
    full = overview(rows)
    return Table(
        full.title,
        ("model", "recall", "specificity", "AUC", "photo ms", "infer ms", "kB"),
        tuple(
            (name, *cells[1:5], *cells[6:])
            for name, cells in zip(names, full.rows, strict=True)
        ),
        f"{headline_caption(rows)} Medians: photo ms from the photo's path to the"
        " verdict, infer ms of the interpreter alone.",
    )


def without_common_end(names: Sequence[str]) -> list[str]:
    """Names without the recipe where all have the same.

    >>> without_common_end(["cnn32.qat_int8", "cnn64.qat_int8"])
    ['cnn32', 'cnn64']
    >>> without_common_end(["cnn32.float32", "cnn32.qat_int8"])
    ['cnn32.float32', 'cnn32.qat_int8']
    """
    ends = {name.partition(".")[2] for name in names}
    return [name.partition(".")[0] if len(ends) == 1 else name for name in names]


def cautions(verdicts: Verdicts) -> Iterable[str]:
    """Each photo with findings that any model gave a verdict despite."""
    for photo, of_photo in verdicts.items():
        found = (
            finding.name
            for verdict in of_photo.values()
            for finding in verdict.findings
            if not finding.unusable
        )
        if names := ", ".join(dict.fromkeys(found)):
            yield f"{photo}: {names}"


def unusable_photos(verdicts: Verdicts) -> Sequence[str]:
    """Each photo that got no verdict of any use, with the reason."""
    return [
        f"{photo}: {finding.message}"
        for photo, of_photo in verdicts.items()
        for verdict in list(of_photo.values())[:1]
        for finding in verdict.findings
        if finding.unusable
    ]


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return UNREADABLE
    if verdict.decision == UNUSABLE:
        return UNUSABLE
    return f"{verdict.decision} {verdict.probability:.2f}"


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return UNREADABLE
    mark = _MARKS[verdict.decision]
    if verdict.decision == UNUSABLE:
        return mark
    return f"{verdict.probability:.2f} {mark}"


def _findings(of_photo: Mapping[str, Verdict]) -> str:
    if not of_photo:
        return ""
    found = (f.name for verdict in of_photo.values() for f in verdict.findings)
    return ", ".join(dict.fromkeys(found)) or "none"


WARMUP = 3
INTRODUCTION = (
    "The photos are drawn, so nothing here tells how good a model is. Recall,"
    " specificity and AUC come from each model's card, which states what was measured"
    " on real photos when the file was made; only latency was measured here, on the"
    " drawn photos. Interpreter is the model alone, tensor in to tensor out; photo to"
    " verdict starts with a path on disk and includes reading, decoding, resizing and"
    " deciding."
)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    samples: Path
    out: Path
    runs: int
    command: str


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Judge drawn photos with every shipped model, measure latency on"
        " this machine, and write a page with both beside the models' own recall.",
        epilog="exit status: 0 done; 1 nothing could be judged; 2 wrong usage; 3 some"
        " models or photos failed and are named on standard error",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--models", type=Path, default=CHECKOUT / "models", help="folder of .tflite")
    option(
        "--samples", type=Path, default=CHECKOUT / "samples", help="folder of photos"
    )
    option("--out", type=Path, default=CHECKOUT / "results/quickstart", help="folder")
    option("--runs", type=int, default=30, help="timed inferences and photos")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs must be at least 1, got {options.runs}")
    said = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "benchmarks/quickstart.py", *said])
    return Settings(**vars(options), command=command)


def quickstart(settings: Settings) -> int:
    """Judge, measure, print and write the page.

    Returns:
        How many models and photos failed; each is named on standard error.

    Raises:
        EdgeRuntimeError: when there is no model or no photo that works.
    """
    script = plotly_script()
    files = chosen_models(settings.models, ())
    classifiers = dict(_loaded(files))
    photos = list(photos_in([settings.samples]))
    verdicts, readable = _judged(classifiers, photos)
    if not classifiers or not readable:
        raise BenchmarkError("no model could judge a photo, for the reasons above")
    report = _report(settings, classifiers, readable)
    (section,) = report.sections
    thresholds = {
        row.name: classifiers[row.name].card.threshold.probability
        for row in section.rows
    }
    path = settings.out / "report.html"
    first = [verdict_table(verdicts, thresholds)]
    write_text(path, page(report, script, tables_first=first))
    _show(narrow_table(verdicts, thresholds))
    for caution in cautions(verdicts):
        print(f"caution: {caution}")
    for reason in unusable_photos(verdicts):
        print(f"unusable: {reason}")
    print()
    _show(narrow_overview(section.rows))
    for problem in section.problems:
        print(problem)
    print(f"\n{report.notice}\n{path}")
    return len(files) - len(classifiers) + len(photos) - len(readable)


def _show(table: Table) -> None:
    """A table on a terminal, its caption no wider."""
    text = text_table(table.head, table.rows, wrap=False)
    width = max(map(len, text.splitlines()))
    print(f"{text}\n{textwrap.fill(table.caption, width)}")


def _loaded(files: Mapping[str, Path]) -> Iterable[tuple[str, LesionClassifier]]:
    """Classifiers by name; files that cannot be used are named and left out."""
    for name, path in files.items():
        try:
            with without_info_lines():
                yield name, LesionClassifier.load(path, site=False)
        except EdgeRuntimeError as error:
            print(f"error: {error}", file=sys.stderr)


def _judged(
    classifiers: Mapping[str, LesionClassifier], photos: Sequence[Path]
) -> tuple[Verdicts, list[Path]]:
    """Verdicts by photo and model, and the photos that could be read."""
    verdicts: dict[str, dict[str, Verdict]] = {}
    readable = []
    for photo in photos:
        verdicts[photo.name] = {}
        try:
            for name, classifier in classifiers.items():
                verdicts[photo.name][name] = classifier.classify(photo)
        except PhotoError as error:
            print(f"error: {error}", file=sys.stderr)
        else:
            readable.append(photo)
    return verdicts, readable


def _report(
    settings: Settings, classifiers: Mapping[str, LesionClassifier], photos: list[Path]
) -> Report:
    before = describe_machine()
    rows = in_order(
        _row(name, classifier, photos, settings.runs)
        for name, classifier in classifiers.items()
    )
    facts: list[Fact] = [*machine_facts(before), *machine_facts(describe_machine())]
    for classifier in classifiers.values():
        model = classifier.model
        facts += interpreter_facts(
            Interpreter(model.name, model.version, model.kernel_family)
        )
    facts += [
        ("threads", 1),
        ("timed runs", settings.runs),
        ("warm-up runs", WARMUP),
        ("photos timed", f"{len(photos)} drawn, in {settings.samples.name}"),
        ("measured", datetime.datetime.now(datetime.UTC).date().isoformat()),
        ("commit", commit_in_words(revision())),
    ]
    section = Section(
        machine=machine_slug(before),
        rows=rows,
        facts=together(facts),
        commands=(settings.command,),
        problems=busy([before]),
    )
    return Report("Quickstart", INTRODUCTION, (section,), published=None)


def _row(
    name: str, classifier: LesionClassifier, photos: Sequence[Path], runs: int
) -> Row:
    """Latency measured here beside the quality that the card states."""
    size_px = classifier.card.input.size_px
    mean, std = classifier.card.input.mean, classifier.card.input.std
    table = classifier.model.input.store_pixels(mean, std)
    inputs = [table[load_pixels(photo, size_px)][np.newaxis] for photo in photos]
    protocol = counted(warmup=WARMUP, runs=runs)
    photo, stages_ms, _ = time_photos(
        lambda photo: stages_of(classifier.classify(photo)), photos, protocol
    )
    interpreter = time_interpreter(classifier.model, inputs, protocol)
    return Row(
        name=name,
        kind=MODEL,
        file_bytes=classifier.file.path.stat().st_size,
        cold_start_ms=None,
        load_ms=None,
        first_inference_ms=None,
        interpreter=durations(interpreter.samples_ms),
        photo_to_verdict=durations(photo.samples_ms),
        stages_ms=median_stages(stages_ms),
        peak_memory_mib=None,
        quality=(quality_on_card(classifier.card),),
        photos_per_second=photos_per_second(photo.samples_ms),
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    return 3 if quickstart(parse(arguments)) else 0


if __name__ == "__main__":
    raise SystemExit(main())
