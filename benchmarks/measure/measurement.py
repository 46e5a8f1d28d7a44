"""What a fresh process measures about one model file, before anybody judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.measure.energy import Energy
from benchmarks.measure.sustained import Window
from edge_runtime.files.strict_json import OPTIONAL
from edge_runtime.measuring.machine import Machine

MODEL, BASELINE = "model", "baseline"


@dataclass(frozen=True)
class Subject:
    """What was measured.

    Attributes:
        name: of the model's file without its suffix, or of the baseline.
        kind: ``"model"`` or ``"baseline"``.
        file_bytes: size of the model file; None for a baseline, which has no file.
        model_sha256: as the card states it and the reader checked it; None for the
            baseline.
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
        interpreter_runs: how many inferences were timed; of very many, evenly spaced
            ones are kept above.
        photo_runs: how many photos were timed, in the same way.
        late_photos: photos that could not start when the rate wanted them to.
    """

    cold_start_ms: float | None
    load_ms: float | None
    first_inference_ms: float | None
    interpreter_ms: tuple[float, ...]
    photo_to_verdict_ms: tuple[float, ...]
    stages_ms: Mapping[str, tuple[float, ...]]
    interpreter_runs: int
    photo_runs: int
    late_photos: int


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
        source: hospital, camera or collection; left out where the manifest names one
            source or none.
        origin: camera or copy within the source; left out where it is not stated.
    """

    photo: str
    malignant: bool
    lesion: str
    lesion_in_train: bool
    score: float
    usable: bool
    source: str | None = field(default=None, metadata=OPTIONAL)
    origin: str | None = field(default=None, metadata=OPTIONAL)


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
        energy: of the timed photos and their warm-up; None without a sensor.
        energy_photos: how many photos it was spent on.
        sustained: stretches of work without a pause; empty unless asked for.
        scores: of every photo of the split that could be read.
        failed_photos: photos that could not be read, each with the reason.
    """

    subject: Subject
    interpreter: Interpreter | None
    machine_before: Machine
    machine_after: Machine
    timing: Timing
    memory: Memory
    energy: Energy | None
    energy_photos: int
    sustained: tuple[Window, ...]
    scores: tuple[PhotoScore, ...]
    failed_photos: tuple[str, ...]
