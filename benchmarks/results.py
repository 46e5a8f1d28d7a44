"""What one benchmark of one model file leaves behind; reports are views of it.

``results/MACHINE/NAME.json`` holds one ``BenchmarkResult``: settings, machine, raw
durations and raw scores, so that any summary can be made again from an old file.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from edge_runtime.atomic import write_text
from edge_runtime.evidence import Share
from edge_runtime.intervals import Interval
from edge_runtime.machine import Machine
from edge_runtime.strict_json import build, parse, to_json

RESULT_FORMAT = 1
MODEL, BASELINE = "model", "baseline"


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Attributes:
        command: the command line that makes the result again.
        manifest: file name of the table of photos.
        manifest_sha256: of its content.
        split: whose photos were judged and timed.
        runs: timed inferences, and timed photos.
        warmup: untimed ones before them.
        threads: of the interpreter.
    """

    command: str
    manifest: str
    manifest_sha256: str
    split: str
    runs: int
    warmup: int
    threads: int


@dataclass(frozen=True)
class Revision:
    """Which state of the project measured.

    Attributes:
        commit: of the checkout; None outside a git checkout.
        dirty: whether tracked files differed from it; None when unknown.
    """

    commit: str | None
    dirty: bool | None


@dataclass(frozen=True)
class Subject:
    """What was measured.

    Attributes:
        name: of the model's file without its suffix, or of the baseline.
        kind: ``"model"`` or ``"baseline"``.
        file_bytes: size of the model file; None for a baseline, which has no file.
        model_sha256: as the card states it and the reader checked it; None likewise.
        image_size_px: side of the square the photo is shrunk to.
        threshold_score: at or above it the raw score means malignant.
        temperature: of the calibration of scores to probabilities.
    """

    name: str
    kind: str
    file_bytes: int | None
    model_sha256: str | None
    image_size_px: int
    threshold_score: float
    temperature: float


@dataclass(frozen=True)
class Timing:
    """Durations in milliseconds; raw samples in the order they were measured.

    Attributes:
        cold_start_ms: from the model's path to a classifier that is ready, in a fresh
            process: importing the interpreter, reading, checking, warming up.
        load_ms: reading and checking the file and building the interpreter, once
            everything is imported.
        first_inference_ms: the first call of that interpreter.
        interpreter_ms: input tensor to output tensor.
        photo_to_verdict_ms: from a photo's path on disk to the verdict.
        stages_ms: the same photos by stage, as the runtime reports them.
    """

    cold_start_ms: float | None
    load_ms: float | None
    first_inference_ms: float | None
    interpreter_ms: tuple[float, ...]
    photo_to_verdict_ms: tuple[float, ...]
    stages_ms: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Memory:
    """Largest resident memory of the fresh process, in MiB; None where unknown.

    Attributes:
        before_load_mib: with Python, numpy, Pillow and the runtime imported.
        peak_mib: after loading the model and judging the timed photos.
    """

    before_load_mib: float | None
    peak_mib: float | None


@dataclass(frozen=True)
class Interpreter:
    """Which software ran the model.

    Attributes:
        name: of its Python package.
        version: of that package.
        kernel_family: ``"xnnpack"``, ``"builtin"`` or ``"unknown"``.
    """

    name: str
    version: str
    kernel_family: str


@dataclass(frozen=True)
class PhotoScore:
    """One photo of the split and the raw score it got.

    Attributes:
        photo: path relative to the manifest's folder.
        malignant: what the manifest says.
        lesion: photos of one lesion share it.
        lesion_in_train: the clean set leaves it out.
        score: raw score in [0, 1], before calibration.
        usable: whether the runtime would give more than ``unusable photo``; such
            photos count by their score all the same.
    """

    photo: str
    malignant: bool
    lesion: str
    lesion_in_train: bool
    score: float
    usable: bool


@dataclass(frozen=True)
class Quality:
    """How well lesions were told apart on one set of photos; None: not measured.

    Attributes:
        photos: ``"test"``, ``"test_clean"`` (without lesions seen in training), ...
        malignant: how many of the photos are.
        other: how many are not.
        unusable: how many of all the runtime calls unusable; they count by score.
        auc: area under the ROC curve.
        auc_delong: its 95 % interval by DeLong.
        auc_bootstrap: its 95 % interval by resampling lesions.
        recall: malignant photos at or above the threshold, with Wilson interval.
        specificity: other photos below the threshold, with Wilson interval.
        calibration_error: expected calibration error of the calibrated probability.
    """

    photos: str
    malignant: int
    other: int
    unusable: int | None
    auc: float | None
    auc_delong: Interval | None
    auc_bootstrap: Interval | None
    recall: Share | None
    specificity: Share | None
    calibration_error: float | None

    def __post_init__(self) -> None:
        """Refuse a recall that stands alone."""
        if (self.recall is None) != (self.specificity is None):
            raise ValueError("recall is never given without specificity")


@dataclass(frozen=True)
class Measurement:
    """What the fresh process measured.

    Attributes:
        subject: see ``Subject``.
        interpreter: None for a baseline, which needs none.
        machine_before: the machine's state before the first timing.
        machine_after: and after the last.
        timing: see ``Timing``.
        memory: see ``Memory``.
        scores: of every photo of the split that could be read.
        failed_photos: photos that could not be read, each with the reason.
    """

    subject: Subject
    interpreter: Interpreter | None
    machine_before: Machine
    machine_after: Machine
    timing: Timing
    memory: Memory
    scores: tuple[PhotoScore, ...]
    failed_photos: tuple[str, ...]


@dataclass(frozen=True)
class BenchmarkResult:
    """One model file on one machine: settings, raw measurements, quality.

    Attributes:
        format: version of this layout; readers refuse others.
        measured_at: UTC, ISO 8601.
        revision: see ``Revision``.
        settings: see ``Settings``.
        measurement: see ``Measurement``.
        quality: one entry per set of photos, all of the split first.
    """

    format: int
    measured_at: str
    revision: Revision
    settings: Settings
    measurement: Measurement
    quality: tuple[Quality, ...]

    def write(self, path: Path) -> None:
        """Write the result as JSON, whole or not at all."""
        write_text(path, to_json(self))

    @classmethod
    def read(cls, path: Path) -> "BenchmarkResult":
        """Read a result; a missing or an unknown field is an error, not a default.

        Raises:
            BenchmarkError: when the file is no result of this format.
        """
        try:
            values = parse(path.read_text(encoding="utf-8"))
            found = values.get("format") if isinstance(values, dict) else None
            if found != RESULT_FORMAT:
                raise TypeError(f"expected format {RESULT_FORMAT}, got {found}")
            return typing.cast("BenchmarkResult", build(cls, values, "result"))
        except (OSError, ValueError, TypeError) as error:
            raise BenchmarkError(
                f"{path} is no benchmark result this version can read: {error}."
                " Measure again: python benchmarks/run.py --help"
            ) from error
