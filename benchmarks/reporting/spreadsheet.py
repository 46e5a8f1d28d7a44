"""A report as CSV: one row per machine, model and set of photos, unrounded."""

import csv
import io
from collections.abc import Iterable

from benchmarks.reporting.summary import Durations, Report, Row
from benchmarks.results.result import Detail, Estimate, OverSources, Quality
from benchmarks.text.formatting import NOT_MEASURED
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.model.evidence import Share

Cells = dict[str, str | int | float | None]


def spreadsheet(report: Report) -> str:
    """The CSV text; what was not measured says so.

    The seed's published figures have rows too, of the kind ``published``; they have
    no machine, and their threshold is another one.
    """
    lines = [*_measured(report), *_published(report)]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval=NOT_MEASURED, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow(
            {
                name: NOT_MEASURED if value is None else value
                for name, value in line.items()
            }
        )
    return text.getvalue()


def _measured(report: Report) -> Iterable[Cells]:
    for section in report.sections:
        for row in section.rows:
            cells = [_quality(quality) for quality in row.quality]
            if row.over_sources is not None:
                cells.insert(0, _over_sources(row.over_sources))
            for quality in cells:
                yield {
                    "machine": section.machine,
                    **_costs(row),
                    **quality,
                    "notice": report.notice,
                }


def _over_sources(mean: OverSources) -> Cells:
    return {
        "photos": f"mean of {', '.join(mean.sources)}",
        "source": "mean",
        **_estimate("recall", mean.recall),
        **_estimate("specificity", mean.specificity),
        "auc": mean.auc.value,
        **_interval("auc_bootstrap", Interval(mean.auc.low, mean.auc.high)),
        **_estimate("pauc", mean.pauc),
        "calibration_error": mean.calibration_error.value,
        "worst_source": mean.worst,
    }


def _costs(row: Row) -> Cells:
    return {
        "model": row.name,
        "kind": row.kind,
        "file_bytes": row.file_bytes,
        **_durations("interpreter", row.interpreter),
        **_durations("photo_to_verdict", row.photo_to_verdict),
        "photos_per_second": row.photos_per_second,
        "cold_start_ms": row.cold_start_ms,
        "load_ms": row.load_ms,
        "first_inference_ms": row.first_inference_ms,
        "peak_memory_mib": row.peak_memory_mib,
        "millijoules_per_photo": row.millijoules,
        "drift": row.drift,
        "invalid": "; ".join(row.invalid) or "no",
    }


def _durations(name: str, found: Durations | None) -> Cells:
    percentiles = ("p5_ms", "median_ms", "p90_ms", "p95_ms", "p99_ms")
    return {
        f"{name}_{percentile}": getattr(found, percentile) if found else None
        for percentile in percentiles
    }


def _quality(quality: Quality) -> Cells:
    return {
        "photos": quality.photos,
        "source": quality.source or "one",
        "malignant": quality.malignant,
        "other": quality.other,
        **_share("recall", quality.recall),
        **_share("specificity", quality.specificity),
        "auc": quality.auc,
        **_interval("auc_delong", quality.auc_delong),
        **_interval("auc_bootstrap", quality.auc_bootstrap),
        "calibration_error": quality.calibration_error,
        **_detail(quality.detail),
    }


def _detail(detail: Detail | None) -> Cells:
    if detail is None:
        return {}
    cells: Cells = {
        **_estimate("recall_by_lesion", detail.recall),
        **_estimate("specificity_by_lesion", detail.specificity),
        **_estimate("pauc", detail.pauc),
        **_estimate("pr_auc", detail.pr_auc),
        **_estimate("calibration_error_by_lesion", detail.calibration_error),
    }
    for matched in detail.matched:
        asked = f"at_{matched.held}_{matched.target:.2f}"
        cells |= _estimate(f"recall_{asked}", matched.recall)
        cells |= _estimate(f"specificity_{asked}", matched.specificity)
    return cells


def _estimate(name: str, found: Estimate) -> Cells:
    return {
        name: found.value,
        **_interval(name, Interval(found.low, found.high)),
    }


def _share(name: str, share: Share | None) -> Cells:
    interval = Interval(share.low, share.high) if share else None
    return {name: share.value if share else None, **_interval(name, interval)}


def _interval(name: str, interval: Interval | None) -> Cells:
    return {
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }


def _published(report: Report) -> Iterable[Cells]:
    published = report.published
    for network in published.networks if published else ():
        specificity = published.specificity(network) if published else None
        yield {
            "machine": None,
            "model": network.name,
            "kind": "published",
            "photos": published.data if published else None,
            "recall": None if specificity is None else network.recall,
            "specificity": specificity,
            "auc": network.auc,
            "notice": report.notice,
        }
