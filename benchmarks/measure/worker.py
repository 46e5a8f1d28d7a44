"""Latency, memory, energy and scores of one case, in a process of its own.

``benchmarks.measure.fresh_process`` starts this module
(``python -m benchmarks.measure.worker``), writes the case to its standard input and
reads lines of JSON: progress, then one measurement or error.
"""

import dataclasses
import itertools
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.measure import colour_baseline
from benchmarks.measure.case_input import read_case
from benchmarks.measure.cases import Case, Tell
from benchmarks.measure.colour_baseline import ColourBaseline
from benchmarks.measure.energy import Energy, metered
from benchmarks.measure.measurement import (
    BASELINE,
    MODEL,
    Interpreter,
    Measurement,
    Memory,
    PhotoScore,
    Subject,
    Timing,
)
from benchmarks.measure.sustained import Window, sustain
from benchmarks.measure.timing import (
    evenly_spaced,
    stages_of,
    time_interpreter,
    time_photos,
    timed,
)
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError, PhotoError
from edge_runtime.files.strict_json import build
from edge_runtime.measuring.latency import Latency
from edge_runtime.measuring.machine import describe_machine, peak_memory_mib
from edge_runtime.model.answers import Question, answers_in
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import load_pixels, preprocess
from edge_runtime.photos.quality import photo_findings
from edge_runtime.terminal.exit_status import exit_status


@dataclass(frozen=True)
class PhotoTimes:
    """What judging photos took; fields as in ``Timing`` and ``Measurement``."""

    latency: Latency
    stages_ms: Mapping[str, tuple[float, ...]]
    judged: int
    energy: Energy | None
    sustained: tuple[Window, ...]


def measure_model(case: Case, model_path: str, tell: Tell) -> Measurement:
    """Everything about one model file."""
    path = Path(model_path)
    before, memory_before = describe_machine(), peak_memory_mib()
    classifier, cold_start_ms = timed(
        lambda: LesionClassifier.load(path, threads=case.threads, site=False)
    )
    size_px = classifier.card.input.size_px
    photos, pixels = _timed_photos(case, size_px)
    photo = _timed(
        case, lambda photo: stages_of(classifier.classify(photo)), photos, tell
    )
    peak = peak_memory_mib()
    # Another interpreter, so that its first inference is seen; the memory is known.
    interpreter, load_ms = timed(
        lambda: open_model_file(read_model_file(path), threads=case.threads)
    )
    table = interpreter.input.store_pixels(
        classifier.card.input.mean, classifier.card.input.std
    )
    inputs = [table[image][np.newaxis] for image in pixels]
    first_ms = timed(lambda: interpreter.infer(inputs[0]))[1]
    tell("interpreter alone", 0, case.protocol.num_runs)
    alone = time_interpreter(interpreter, inputs, case.protocol)
    after = describe_machine()
    card = classifier.card
    asked = card.answers.questions if card.answers else ()
    scores, failed = _scores(case, size_px, classifier.score, tell, asked)
    return Measurement(
        subject=Subject(
            name=path.stem,
            kind=MODEL,
            file_bytes=path.stat().st_size,
            model_sha256=card.model_sha256,
            image_size_px=size_px,
            threshold_score=card.threshold.score,
            temperature=card.temperature,
        ),
        interpreter=Interpreter(
            interpreter.name, interpreter.version, interpreter.kernel_family
        ),
        machine_before=before,
        machine_after=after,
        timing=Timing(
            cold_start_ms,
            load_ms,
            first_ms,
            alone.samples_ms,
            photo.latency.samples_ms,
            photo.stages_ms,
            alone.runs,
            photo.latency.runs,
            photo.latency.late,
        ),
        memory=Memory(memory_before, peak),
        energy=photo.energy,
        energy_photos=photo.judged,
        sustained=photo.sustained,
        scores=scores,
        failed_photos=failed,
    )


def measure_baseline(case: Case, baseline: ColourBaseline, tell: Tell) -> Measurement:
    """The same of the colour-only baseline, which needs no interpreter."""
    before, memory_before = describe_machine(), peak_memory_mib()
    size_px = colour_baseline.IMAGE_SIZE_PX

    def judge(path: Path) -> Mapping[str, float]:
        baseline.score(load_pixels(path, size_px))
        return {}

    photos, _ = _timed_photos(case, size_px)
    photo = _timed(case, judge, photos, tell)
    peak, after = peak_memory_mib(), describe_machine()
    scores, failed = _scores(case, size_px, baseline.score, tell)
    return Measurement(
        subject=Subject(
            name=colour_baseline.NAME,
            kind=BASELINE,
            file_bytes=None,
            model_sha256=None,
            image_size_px=size_px,
            threshold_score=baseline.threshold,
            temperature=1.0,
        ),
        interpreter=None,
        machine_before=before,
        machine_after=after,
        timing=Timing(
            None,
            None,
            None,
            (),
            photo.latency.samples_ms,
            {},
            0,
            photo.latency.runs,
            photo.latency.late,
        ),
        memory=Memory(memory_before, peak),
        energy=photo.energy,
        energy_photos=photo.judged,
        sustained=photo.sustained,
        scores=scores,
        failed_photos=failed,
    )


def _timed(
    case: Case,
    judge: Callable[[Path], Mapping[str, float]],
    photos: list[Path],
    tell: Tell,
) -> PhotoTimes:
    """Time the photos, then keep judging them for as long as is asked."""
    tell("photo to verdict", 0, case.protocol.num_runs)
    power_csv = Path(case.power_csv) if case.power_csv else None
    (latency, stages_ms, judged), energy = metered(
        lambda: time_photos(judge, photos, case.protocol), power_csv
    )
    windows: tuple[Window, ...] = ()
    if case.sustained_secs:
        turn = itertools.cycle(photos)
        windows = sustain(
            lambda: judge(next(turn)),
            case.sustained_secs,
            describe_machine,
            tell=lambda done, total: tell("sustained", done, total),
        )
    return PhotoTimes(latency, stages_ms, judged, energy, windows)


def _timed_photos(
    case: Case, size_px: int
) -> tuple[list[Path], list[NDArray[np.uint8]]]:
    """Readable photos spread over the split, and their pixels."""
    photos, pixels = [], []
    for photo in evenly_spaced(case.photos, case.protocol.num_runs):
        path = Path(case.folder) / photo.photo
        try:
            pixels.append(load_pixels(path, size_px))
        except PhotoError:
            continue  # Named when every photo is scored.
        photos.append(path)
    if not photos:
        raise BenchmarkError(
            f"none of the photos in {case.folder} can be read; check the manifest"
        )
    return photos, pixels


def _scores(
    case: Case,
    size_px: int,
    score: Callable[..., float],
    tell: Tell,
    asked: Sequence[Question] = (),
) -> tuple[tuple[PhotoScore, ...], tuple[str, ...]]:
    """Every photo's raw score, and the photos that could not be read."""
    scores, failed = [], []
    for place, photo in enumerate(case.photos):
        if place % 20 == 0:
            tell("scores", place, len(case.photos))
        try:
            image = read_photo(Path(case.folder) / photo.photo, for_size_px=size_px)
        except PhotoError as error:
            failed.append(str(error))
            continue
        pixels = preprocess(image, size_px)
        usable = not any(found.unusable for found in photo_findings(image, pixels))
        told = answers_in(photo.columns, asked)
        raw = score(pixels, told) if told else score(pixels)
        facts = dataclasses.asdict(photo)
        del facts["columns"]
        scores.append(PhotoScore(**facts, score=raw, usable=usable))
    return tuple(scores), tuple(failed)


def measure(case: Case, tell: Tell) -> Measurement:
    """Measure the case in this process, which should be a fresh one.

    Raises:
        EdgeRuntimeError: when the model file cannot be used, or no photo be read.
    """
    if case.cpus is not None:
        _stay_on(case.cpus)
    if case.model is not None:
        return measure_model(case, case.model, tell)
    if case.baseline is not None:
        return measure_baseline(case, case.baseline, tell)
    raise BenchmarkError("a case needs a model file or a fitted baseline; got neither")


def _stay_on(cpus: Sequence[int]) -> None:
    """Bind this process, and every thread it starts, to these cores."""
    if not hasattr(os, "sched_setaffinity"):
        raise BenchmarkError("--cpus needs Linux; leave it out on this system")
    try:
        os.sched_setaffinity(0, cpus)
    except OSError as error:
        usable = sorted(os.sched_getaffinity(0))
        raise BenchmarkError(
            f"the process cannot be bound to the cores {list(cpus)} ({error}); there"
            f" are {usable}"
        ) from error


def say(kind: str, value: Any) -> None:
    """Write one line of JSON for the process that waits."""
    print(json.dumps({kind: value}, allow_nan=False), flush=True)


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the case on standard input; returns the exit status."""
    given = read_case(arguments, "benchmarks/run.py", sys.stdin.read)
    case = build(Case, given, "case")
    try:
        measurement = measure(case, lambda *progress: say("progress", progress))
    except EdgeRuntimeError as error:
        say("error", str(error))
        return 1
    say("measurement", dataclasses.asdict(measurement))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
