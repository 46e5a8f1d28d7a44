"""Networks side by side: quality at one recall, multiplications, bytes, milliseconds.

Run: python benchmarks/grid.py models --results results

For the grid of arXiv 2110.12270 (networks times batch sizes) and any other files. Files
and results belong together by the SHA-256 of the model, so that several runs of one
network may lie in folders of their own.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

if not __package__:
    # Started as a file: Python put benchmarks/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.errors import BenchmarkError
from benchmarks.gathering import gathered
from benchmarks.layer_graph import layers
from benchmarks.markdown import markdown_table
from benchmarks.results import BenchmarkResult, Estimate, Matched, Quality
from benchmarks.table import Table
from benchmarks.wording import NOT_MEASURED, estimate, milliseconds
from edge_runtime.atomic import write_text
from edge_runtime.exit_status import exit_status
from edge_runtime.intervals import Interval
from edge_runtime.model_file import ModelFile, read_model_file
from edge_runtime.verdict import NOTICE

TABLE = "grid.md"
HEAD = (
    "file", "batch", "px", "AUC", "specificity at 95 % recall",
    "recall at 80 % specificity", "million MACs", "kB", "interpreter median ms",
)  # fmt: skip


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="One table of model files that benchmarks/run.py has measured,"
        " the highest AUC first.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("models", type=Path, nargs="+", help="folders with .tflite files, at any depth")
    add(
        "--results",
        type=Path,
        nargs="+",
        default=[Path("results")],
        help="folders that benchmarks/run.py wrote, at any depth",
    )
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def grid(words: argparse.Namespace) -> str:
    """Write the table and return it.

    Raises:
        BenchmarkError: when no result belongs to a file.
        ModelFileError: when a file is damaged.
    """
    files = [read_model_file(path) for path in _paths(words.models)]
    by_sha256 = {file.card.model_sha256: file for file in files}
    tables = [
        table
        for machine, results in gathered(words.results, repeats=True).items()
        if (table := machine_table(machine, results, by_sha256)).rows
    ]
    if not tables:
        raise BenchmarkError(
            f"none of the results is of one of the {len(files)} files; measure them:"
            " python benchmarks/run.py --models FOLDER --manifest TABLE"
        )
    text = "\n\n".join(part for table in tables for part in markdown_table(table))
    write_text(words.out / TABLE, text + "\n")
    return text


def machine_table(
    machine: str,
    results: Iterable[BenchmarkResult],
    files: Mapping[str, ModelFile],
) -> Table:
    """The rows of one machine.

    Args:
        machine: its name.
        results: those measured there.
        files: by SHA-256 of the model; results of others are left out.
    """
    measured = [
        (result, files[sha256])
        for result in results
        if (sha256 := result.measurement.subject.model_sha256 or "") in files
    ]
    measured.sort(key=lambda pair: -(_quality(pair[0]).auc or 0))
    splits = sorted({_quality(result).photos for result, _ in measured})
    return Table(
        title=f"Networks side by side, {machine}",
        head=HEAD,
        rows=tuple(_row(result, file) for result, file in measured),
        caption=f"{NOTICE[0].upper()}{NOTICE[1:]}. Photos: {', '.join(splits)}; 95 %"
        " intervals in brackets. Both matched figures have their threshold from these"
        " very photos: they compare networks and promise nothing. MACs: multiplications"
        " with an addition, of one photo.",
    )


def _row(result: BenchmarkResult, file: ModelFile) -> tuple[str, ...]:
    quality, timing = _quality(result), result.measurement.timing
    training = file.card.provenance.training.get("settings", {})
    recall, specificity = (_matched(quality, *held) for held in (
        ("recall", 0.95), ("specificity", 0.8),
    ))  # fmt: skip
    median = np.median(timing.interpreter_ms) if timing.interpreter_ms else None
    return (
        result.measurement.subject.name,
        str(training.get("batch_size", "not stated")),
        str(file.card.input.size_px),
        estimate(quality.auc, quality.auc_delong),
        _in_words(recall.specificity if recall else None),
        _in_words(specificity.recall if specificity else None),
        f"{sum(layer.macs for layer in layers(file.model)) / 1e6:.1f}",
        f"{file.path.stat().st_size / 1000:.0f}",
        milliseconds(None if median is None else float(median)),
    )


def _quality(result: BenchmarkResult) -> Quality:
    if result.quality:
        return result.quality[0]
    return Quality(NOT_MEASURED, 0, 0, None, *[None] * 6)


def _matched(quality: Quality, held: str, target: float) -> Matched | None:
    found = quality.detail.matched if quality.detail else ()
    return next((x for x in found if (x.held, x.target) == (held, target)), None)


def _in_words(found: Estimate | None) -> str:
    if found is None:
        return NOT_MEASURED
    return estimate(found.value, Interval(found.low, found.high))


def _paths(places: Iterable[Path]) -> list[Path]:
    found = [
        path
        for place in places
        for path in ([place] if place.is_file() else sorted(place.rglob("*.tflite")))
    ]
    if not found:
        raise BenchmarkError(
            f"there is no .tflite file in {', '.join(map(str, places))}"
        )
    return found


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(grid(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
