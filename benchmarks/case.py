"""One case of the benchmark, in a process of its own.

``benchmarks.isolation`` starts it as ``python -m benchmarks.case``, writes the case to
its standard input and reads lines of JSON: progress, then one measurement or error.
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import colour_baseline
from benchmarks.colour_baseline import ColourBaseline
from benchmarks.errors import BenchmarkError
from benchmarks.measurement import (
    BASELINE,
    MODEL,
    Interpreter,
    Measurement,
    Memory,
    PhotoScore,
    Subject,
    Timing,
)
from benchmarks.memory import peak_memory_mib
from benchmarks.timing import (
    evenly_spaced,
    stages_of,
    time_interpreter,
    time_photos,
    timed,
)
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError, PhotoError
from edge_runtime.interpreter import open_model_file
from edge_runtime.machine import describe_machine
from edge_runtime.model_file import read_model_file
from edge_runtime.photo import read_photo
from edge_runtime.preprocessing import load_pixels, preprocess
from edge_runtime.quality import photo_findings
from edge_runtime.strict_json import build

Tell = Callable[[str, int, int], None]
"""Called with the stage, how many photos are done, and how many there are."""


@dataclass(frozen=True)
class CasePhoto:
    """A photo of the split that was not judged yet; fields as in ``PhotoScore``."""

    photo: str
    malignant: bool
    lesion: str
    lesion_in_train: bool


@dataclass(frozen=True)
class Case:
    """What to measure and how.

    Attributes:
        model: path of a model file; None for the colour-only baseline.
        baseline: the fitted baseline; None for a model file.
        folder: the photos' paths are relative to it.
        photos: all photos of the split.
        runs: timed inferences, and timed photos.
        warmup: untimed ones before them.
        threads: of the interpreter.
    """

    model: str | None
    baseline: ColourBaseline | None
    folder: str
    photos: tuple[CasePhoto, ...]
    runs: int
    warmup: int
    threads: int


def measure(case: Case, tell: Tell) -> Measurement:
    """Measure the case in this process, which should be a fresh one.

    Raises:
        EdgeRuntimeError: when the model file cannot be used, or no photo be read.
    """
    if case.model is not None:
        return _measure_model(case, Path(case.model), tell)
    if case.baseline is not None:
        return _measure_baseline(case, case.baseline, tell)
    raise BenchmarkError("a case needs a model file or a fitted baseline; got neither")


def _measure_model(case: Case, path: Path, tell: Tell) -> Measurement:
    before, memory_before = describe_machine(), peak_memory_mib()
    classifier, cold_start_ms = timed(
        lambda: LesionClassifier.load(path, threads=case.threads, site=False)
    )
    size_px = classifier.card.input.size_px
    photos, pixels = _timed_photos(case, size_px)
    tell("photo to verdict", 0, case.runs)
    photo_ms, stages_ms = time_photos(
        lambda photo: stages_of(classifier.classify(photo)),
        photos,
        warmup=case.warmup,
        runs=case.runs,
    )
    peak = peak_memory_mib()
    # Another interpreter, so that its first inference is seen; the memory is known.
    model, load_ms = timed(
        lambda: open_model_file(read_model_file(path), threads=case.threads)
    )
    table = model.input.store_pixels(
        classifier.card.input.mean, classifier.card.input.std
    )
    inputs = [table[image][np.newaxis] for image in pixels]
    first_ms = timed(lambda: model.infer(inputs[0]))[1]
    tell("interpreter alone", 0, case.runs)
    interpreter_ms = time_interpreter(model, inputs, warmup=case.warmup, runs=case.runs)
    after = describe_machine()
    scores, failed = _scores(case, size_px, classifier.score, tell)
    card = classifier.card
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
        interpreter=Interpreter(model.name, model.version, model.kernel_family),
        machine_before=before,
        machine_after=after,
        timing=Timing(
            cold_start_ms, load_ms, first_ms, interpreter_ms, photo_ms, stages_ms
        ),
        memory=Memory(memory_before, peak),
        scores=scores,
        failed_photos=failed,
    )


def _measure_baseline(case: Case, baseline: ColourBaseline, tell: Tell) -> Measurement:
    before, memory_before = describe_machine(), peak_memory_mib()
    size_px = colour_baseline.IMAGE_SIZE_PX

    def judge(photo: Path) -> Mapping[str, float]:
        baseline.score(load_pixels(photo, size_px))
        return {}

    photos, _ = _timed_photos(case, size_px)
    tell("photo to verdict", 0, case.runs)
    photo_ms, _ = time_photos(judge, photos, warmup=case.warmup, runs=case.runs)
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
        timing=Timing(None, None, None, (), photo_ms, {}),
        memory=Memory(memory_before, peak),
        scores=scores,
        failed_photos=failed,
    )


def _timed_photos(
    case: Case, size_px: int
) -> tuple[list[Path], list[NDArray[np.uint8]]]:
    """Readable photos spread over the split, and their pixels."""
    photos, pixels = [], []
    for photo in evenly_spaced(case.photos, case.runs):
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
    case: Case, size_px: int, score: Callable[[NDArray[np.uint8]], float], tell: Tell
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
        scores.append(
            PhotoScore(**dataclasses.asdict(photo), score=score(pixels), usable=usable)
        )
    return tuple(scores), tuple(failed)


def say(kind: str, value: Any) -> None:
    """Write one line of JSON for the process that waits."""
    print(json.dumps({kind: value}, allow_nan=False), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the case on standard input; returns the exit status."""
    case = build(Case, json.load(sys.stdin), "case")
    try:
        measurement = measure(case, lambda *progress: say("progress", progress))
    except EdgeRuntimeError as error:
        say("error", str(error))
        return 1
    say("measurement", dataclasses.asdict(measurement))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
