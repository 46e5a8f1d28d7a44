"""What one benchmark of one model file leaves behind; reports are views of it.

``results/MACHINE/NAME.json`` holds one ``BenchmarkResult``: settings, machine, raw
durations and raw scores, so that any summary can be made again from an old file.
"""

import typing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.measure.measurement import Measurement
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import OPTIONAL, build, parse, to_json
from edge_runtime.measuring.latency import Protocol
from edge_runtime.measuring.revision import Revision
from edge_runtime.model.evidence import Share

RESULT_FORMAT = 3
READABLE_FORMATS = (2, 3)
"""Format 3 added what is told source by source; a file of format 2 lacks just that."""


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Attributes:
        command: the command line that makes the result again.
        manifest: file name of the table of photos.
        manifest_sha256: of its content.
        split: whose photos were judged and timed.
        protocol: how often inferences and photos were timed.
        threads: of the interpreter.
        cpus: cores the process was bound to; None: any.
        order_seed: of the shuffled order that the cases ran in.
        place: of this case in that order, from 0.
    """

    command: str
    manifest: str
    manifest_sha256: str
    split: str
    protocol: Protocol
    threads: int
    cpus: tuple[int, ...] | None
    order_seed: int
    place: int


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval by resampling lesions."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Matched:
    """What would be had if every model were held to the same recall or specificity.

    The threshold is chosen on these very photos, so the figures flatter: they are for
    comparing models, not for promising anything.

    Attributes:
        held: ``"recall"`` or ``"specificity"``.
        target: what that reaches at least.
        recall: what is found; the threshold chosen anew in every resample.
        specificity: other photos below that threshold.
    """

    held: str
    target: float
    recall: Estimate
    specificity: Estimate


@dataclass(frozen=True)
class Detail:
    """The figures beside the headline; intervals by resampling lesions.

    Attributes:
        auc: area under the ROC curve.
        recall: at the file's own threshold.
        specificity: at the same threshold.
        pauc: area between ROC curve and 80 % recall, from 0 to 0.2.
        pr_auc: average precision; its chance level is the share of malignant photos.
        calibration_error: expected calibration error of the calibrated probability.
        matched: at 90 and 95 % recall, and at 80 % specificity.
    """

    auc: Estimate
    recall: Estimate
    specificity: Estimate
    pauc: Estimate
    pr_auc: Estimate
    calibration_error: Estimate
    matched: tuple[Matched, ...]


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
        detail: more figures; None where no photos were judged here.
        source: whose photos these are; left out where they are of one source. A source
            with few malignant photos has a specificity alone.
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
    detail: Detail | None = None
    source: str | None = field(default=None, metadata=OPTIONAL)

    def __post_init__(self) -> None:
        """Refuse a recall that stands alone."""
        if self.recall is not None and self.specificity is None:
            raise ValueError("recall is never given without specificity")


@dataclass(frozen=True)
class OverSources:
    """Figures as plain means over sources, each of the same weight.

    Intervals come from drawing lesions anew within every source; which sources there
    are is taken as given.

    Attributes:
        sources: those with enough photos, in the order of their names.
        worst: the one with the lowest AUC.
        auc: mean area under the ROC curve.
        pauc: mean of the areas above 80 % recall, from 0 to 0.2.
        recall: mean, at the file's own threshold.
        specificity: mean, at the same threshold.
        calibration_error: mean of the expected calibration errors.
    """

    sources: tuple[str, ...]
    worst: str
    auc: Estimate
    pauc: Estimate
    recall: Estimate
    specificity: Estimate
    calibration_error: Estimate


@dataclass(frozen=True)
class BenchmarkResult:
    """One model file on one machine: settings, raw measurements, quality.

    Attributes:
        format: version of this layout; readers refuse others.
        measured_at: UTC, ISO 8601.
        revision: see ``Revision``.
        settings: see ``Settings``.
        measurement: see ``Measurement``.
        quality: one entry per set of photos, all of the split first; of several
            sources one entry per source, and none over photos pooled.
        over_sources: their means; left out where photos are of one source.
    """

    format: int
    measured_at: str
    revision: Revision
    settings: Settings
    measurement: Measurement
    quality: tuple[Quality, ...]
    over_sources: OverSources | None = field(default=None, metadata=OPTIONAL)

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
            if found not in READABLE_FORMATS:
                known = " or ".join(map(str, READABLE_FORMATS))
                raise TypeError(f"expected format {known}, got {found}")
            return typing.cast("BenchmarkResult", build(cls, values, "result"))
        except (OSError, ValueError, TypeError) as error:
            raise BenchmarkError(
                f"{path} is no benchmark result this version can read: {error}."
                " Measure again: python benchmarks/run.py --help"
            ) from error
