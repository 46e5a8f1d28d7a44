"""From results with raw samples to the rows that every view of a report shows.

Pure functions: the same results always give the same report, on any machine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.measure.measurement import MODEL, Measurement
from benchmarks.measure.sustained import drift
from benchmarks.reporting.conditions import (
    busy,
    invalid_reasons,
    result_facts,
    together,
)
from benchmarks.reporting.published import Published
from benchmarks.results.curves import Curves, curves
from benchmarks.results.result import (
    BenchmarkResult,
    Estimate,
    OverSources,
    Quality,
)
from benchmarks.text.formatting import file_name
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.files.strict_json import OPTIONAL
from edge_runtime.model.evidence import Share
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Durations:
    """Percentiles of one series of durations, in milliseconds; ``n`` samples."""

    n: int
    p5_ms: float
    median_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Headline:
    """The figures that stand beside a latency; None: not measured.

    Attributes:
        photos: which they come from, in words.
        recall: at the file's own threshold.
        specificity: at the same threshold.
        auc: area under the ROC curve.
        auc_interval: its 95 % interval.
    """

    photos: str
    recall: Share | Estimate | None
    specificity: Share | Estimate | None
    auc: float | None
    auc_interval: Interval | None


@dataclass(frozen=True)
class Row:
    """One model, or the baseline, on one machine; None means not measured.

    Attributes:
        name: of the model.
        kind: ``"model"`` or ``"baseline"``.
        file_bytes: size of the model file.
        cold_start_ms: see ``results.Timing``, as the next two.
        load_ms: see there.
        first_inference_ms: see there.
        interpreter: tensor in, tensor out.
        photo_to_verdict: path in, verdict out.
        stages_ms: median of each stage of photo-to-verdict.
        peak_memory_mib: see ``results.Memory``.
        quality: one entry per set of photos; of one source, the first goes into the
            chart.
        millijoules: energy per photo, from photo to verdict.
        drift: see ``sustained.drift``.
        curves: what the charts draw; None where nothing was measured here.
        invalid: why the durations must not be believed; empty where they may.
        over_sources: means over sources, which go into the chart where there are any.
        photos_per_second: one after another, from the mean of the timed photos.
    """

    name: str
    kind: str
    file_bytes: int | None
    cold_start_ms: float | None
    load_ms: float | None
    first_inference_ms: float | None
    interpreter: Durations | None
    photo_to_verdict: Durations | None
    stages_ms: Mapping[str, float]
    peak_memory_mib: float | None
    quality: tuple[Quality, ...]
    millijoules: float | None = None
    drift: float | None = None
    curves: Curves | None = None
    invalid: tuple[str, ...] = ()
    over_sources: OverSources | None = field(default=None, metadata=OPTIONAL)
    photos_per_second: float | None = None

    @property
    def headline(self) -> Headline | None:
        """The mean over sources, or the first set of photos; None without any.

        Where no source has enough photos for a mean, there is no headline either.
        """
        if (mean := self.over_sources) is not None:
            return Headline(
                f"{', '.join(mean.sources)}: mean of {len(mean.sources)} sources",
                mean.recall,
                mean.specificity,
                mean.auc.value,
                Interval(mean.auc.low, mean.auc.high),
            )
        if not self.quality or self.quality[0].source is not None:
            return None
        first = self.quality[0]
        return Headline(
            first.photos, first.recall, first.specificity, first.auc, first.auc_delong
        )


@dataclass(frozen=True)
class Section:
    """One machine.

    Attributes:
        machine: its short name.
        rows: models by latency, then the baseline.
        facts: machine and settings, each as a name and what it was.
        commands: command lines that make the section's results again.
        problems: what failed or disturbed the measurement.
    """

    machine: str
    rows: tuple[Row, ...]
    facts: Mapping[str, str]
    commands: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Everything the views show.

    Attributes:
        title: heading.
        introduction: what was measured, in a few sentences.
        sections: one per machine.
        published: figures of the seed; None leaves them out.
    """

    title: str
    introduction: str
    sections: tuple[Section, ...]
    published: Published | None
    notice: str = NOTICE


INTRODUCTION = (
    "Each model file ran in a fresh process. Interpreter is the model alone, tensor in"
    " to tensor out; photo to verdict starts with a path on disk and includes reading,"
    " decoding, resizing and deciding. Recall is the share of malignant lesions at or"
    " above the file's own threshold, which was chosen on the validation photos;"
    " specificity is the share of other lesions below it. Intervals are 95 %: Wilson"
    " for shares, DeLong and lesion-wise bootstrap for AUC. They cover chance in this"
    " sample of photos, not other cameras, hospitals or skin tones. Photos of several"
    " sources are never pooled: each source is judged by itself, and a mean gives each"
    " the same weight. The colour baseline"
    " sees six colour numbers per photo and no shape: what a model reaches above it is"
    " what it knows about lesions."
)


def durations(samples_ms: Sequence[float]) -> Durations | None:
    """Percentiles of the samples; None where there are none."""
    if not samples_ms:
        return None
    percentiles = np.percentile(samples_ms, (5, 50, 90, 95, 99))
    return Durations(len(samples_ms), *map(float, percentiles))


def photos_per_second(photo_to_verdict_ms: Sequence[float]) -> float | None:
    """How many photos one process judges, one after another; None without samples."""
    if not photo_to_verdict_ms:
        return None
    return 1000 / float(np.mean(photo_to_verdict_ms))


def median_stages(stages_ms: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Half of the photos took no longer than this in each stage."""
    return {name: float(np.median(samples)) for name, samples in stages_ms.items()}


def summarise(
    results: Mapping[str, Sequence[BenchmarkResult]], published: Published
) -> Report:
    """The report of results, given by the machine they were measured on."""
    return Report(
        title="Latency beside recall",
        introduction=INTRODUCTION,
        sections=tuple(
            _section(machine, results[machine]) for machine in sorted(results)
        ),
        published=published,
    )


def _section(machine: str, results: Sequence[BenchmarkResult]) -> Section:
    return Section(
        machine=machine,
        rows=in_order(_row(result) for result in results),
        facts=together(fact for result in results for fact in result_facts(result)),
        commands=tuple(sorted({result.settings.command for result in results})),
        problems=(
            *(
                f"INVALID: {name_of(result)}: the machine was not itself while this was"
                f" measured: {reason}. Cool it or give it power, and measure again."
                for result in results
                for reason in invalid_reasons(result.measurement)
            ),
            *busy(result.measurement.machine_before for result in results),
            *(
                f"{result.measurement.subject.name}: not read: {photo}"
                for result in results
                for photo in result.measurement.failed_photos
            ),
        ),
    )


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Models from fast to slow, then the baseline."""

    def key(row: Row) -> tuple[bool, float, str]:
        latency = row.photo_to_verdict
        median = latency.median_ms if latency else float("inf")
        return row.kind != MODEL, median, row.name

    return tuple(sorted(rows, key=key))


def _row(result: BenchmarkResult) -> Row:
    measurement = result.measurement
    timing = measurement.timing
    return Row(
        name=name_of(result),
        kind=measurement.subject.kind,
        file_bytes=measurement.subject.file_bytes,
        cold_start_ms=timing.cold_start_ms,
        load_ms=timing.load_ms,
        first_inference_ms=timing.first_inference_ms,
        interpreter=durations(timing.interpreter_ms),
        photo_to_verdict=durations(timing.photo_to_verdict_ms),
        stages_ms=median_stages(timing.stages_ms),
        peak_memory_mib=measurement.memory.peak_mib,
        quality=result.quality,
        millijoules=_millijoules(measurement),
        drift=drift(measurement.sustained),
        curves=curves(measurement),
        invalid=invalid_reasons(measurement),
        over_sources=result.over_sources,
        photos_per_second=photos_per_second(timing.photo_to_verdict_ms),
    )


def name_of(result: BenchmarkResult) -> str:
    """The model, and its threads where there are several."""
    subject = result.measurement.subject
    if subject.kind != MODEL:
        return subject.name
    return file_name(subject.name, result.settings.threads)


def _millijoules(measurement: Measurement) -> float | None:
    energy = measurement.energy
    if energy is None or not measurement.energy_photos:
        return None
    return 1000 * energy.joules / measurement.energy_photos
