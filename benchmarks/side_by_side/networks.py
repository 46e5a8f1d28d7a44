"""Networks side by side: quality, also under changes, multiplications, bytes, time.

Run: python -m benchmarks.side_by_side.networks models --results results

For the grid of arXiv 2110.12270 (networks times batch sizes) and any other files. Files
and results belong together by the SHA-256 of the model, so that several runs of one
network may lie in folders of their own; rows of benchmarks/robustness/shift_bench.py,
if it wrote into such a folder, by the name of the file. ``--keep FILE`` adds the rows
of earlier runs, whose files may be gone, and writes all of them back.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.layers.graph import layers
from benchmarks.measure import colour_baseline
from benchmarks.results.gathering import gathered
from benchmarks.results.result import BenchmarkResult, Estimate, Matched, Quality
from benchmarks.robustness.shift_chart import read_shifts
from benchmarks.robustness.shift_report import UP_TO, ShiftRow, lowest_recall, worst
from benchmarks.text.formatting import NO_FILE, NOT_MEASURED, estimate, milliseconds
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.evaluation.intervals import Interval
from edge_runtime.files.atomic import write_text
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE

Rows = Sequence[tuple[str, ...]]
TITLE = "Networks side by side, "
"""Of a machine's table; its name follows."""


def with_kept_rows(
    path: Path, tables: Mapping[str, Table], *, key: str
) -> dict[str, Table]:
    """Tables with the rows of earlier runs, other machines' too; all are kept.

    Args:
        path: what an earlier call wrote; it is written again.
        tables: of this run, at least one, all with the same columns.
        key: the column to sort by.

    Raises:
        BenchmarkError: see ``kept_rows``.
    """
    pattern = next(iter(tables.values()))
    kept = kept_rows(path, pattern.head)
    rows: dict[str, Rows] = {
        machine: joined(
            kept.get(machine, ()),
            tables[machine].rows if machine in tables else (),
            order=pattern.head,
            key=key,
        )
        for machine in (*tables, *(x for x in kept if x not in tables))
    }
    keep_rows(path, pattern.head, rows)
    return {
        machine: replace(pattern, title=f"{TITLE}{machine}", rows=tuple(found))
        for machine, found in rows.items()
    }


def kept_rows(path: Path, head: Sequence[str]) -> dict[str, Rows]:
    """The rows by machine; none where there is no file yet.

    Args:
        path: what ``keep_rows`` wrote.
        head: names of the columns that the rows must have.

    Raises:
        BenchmarkError: when it holds something else.
    """
    if not path.exists():
        print(f"note: {path} is not there yet; begun", file=sys.stderr)
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        rows: dict[str, Rows] = {
            machine: [tuple(map(str, row)) for row in rows]
            for machine, rows in values["machines"].items()
        }
        known = values["head"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchmarkError(
            f"{path} cannot be read as rows of this command ({error}); expected a"
            " file that --keep wrote, or a new name"
        ) from error
    if known != list(head) or any(
        len(x) != len(head) for y in rows.values() for x in y
    ):
        raise BenchmarkError(
            f"{path} has the columns {', '.join(map(str, known))}; expected"
            f" {', '.join(head)}. Give --keep another file."
        )
    return rows


def keep_rows(path: Path, head: Sequence[str], rows: Mapping[str, Rows]) -> None:
    """Write rows by machine."""
    values = {"head": list(head), "machines": {k: list(v) for k, v in rows.items()}}
    write_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def joined(kept: Rows, measured: Rows, order: Sequence[str], key: str) -> Rows:
    """Kept rows and measured ones, which go before; the highest ``key`` comes first.

    Args:
        kept: of earlier runs.
        measured: of this run.
        order: names of the columns.
        key: the column to sort by; its cells start with a number.
    """
    names = {row[0] for row in measured}
    place = order.index(key)
    rows = [*measured, *(row for row in kept if row[0] not in names)]
    return sorted(rows, key=lambda row: -_leading_number(row[place]))


def _leading_number(cell: str) -> float:
    """What a cell starts with; 0 where nothing was measured."""
    try:
        return float(cell.split()[0])
    except (ValueError, IndexError):
        return 0.0


TABLE = "grid.md"
HEAD = (
    "file", "batch", "px", "AUC", "specificity at 95 % recall",
    "recall at 80 % specificity", "worst AUC when changed",
    "lowest recall then (its specificity)", "million MACs", "kB",
    "interpreter median ms", "measured at",
)  # fmt: skip
COMMIT_LENGTH = 7


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="One table of model files that benchmarks/run.py has measured,"
        " the highest AUC first.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("models", type=Path, nargs="+", help="folders with .tflite files, at any depth")
    add(
        "--results",
        type=Path,
        nargs="+",
        default=[Path("results")],
        help="folders that benchmarks/run.py, and shift_bench.py, wrote",
    )
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    add(
        "--keep",
        type=Path,
        metavar="FILE",
        help="a JSON file of earlier rows: those of other names join the table, and all"
        " are written back; begun where there is none",
    )
    return parser.parse_args(arguments)


def grid(options: argparse.Namespace) -> str:
    """Write the table and return it.

    Raises:
        BenchmarkError: when no result belongs to a file, or ``--keep`` is no such
            file.
        ModelFileError: when a file is damaged.
    """
    files = [read_model_file(path) for path in _paths(options.models)]
    by_sha256 = {file.card.model_sha256: file for file in files}
    changed = _shift_rows(options.results)
    tables = {
        machine: table
        for machine, results in gathered(options.results, repeats=True).items()
        if (table := machine_table(machine, results, by_sha256, changed)).rows
    }
    if not tables:
        raise BenchmarkError(
            f"none of the results is of one of the {len(files)} files; measure them:"
            " python benchmarks/run.py --models FOLDER --manifest TABLE"
        )
    if options.keep is not None:
        tables = with_kept_rows(options.keep, tables, key="AUC")
    text = "\n\n".join(
        part for table in tables.values() for part in markdown_table(table)
    )
    write_text(options.out / TABLE, text + "\n")
    return text


def machine_table(
    machine: str,
    results: Iterable[BenchmarkResult],
    files: Mapping[str, ModelFile],
    changed: Mapping[str, Sequence[ShiftRow]],
) -> Table:
    """The rows of one machine.

    Args:
        machine: its name.
        results: those measured there.
        files: by SHA-256 of the model; results of others are left out, but for the
            colour-only baseline's.
        changed: a model's rows of the shift bench, by its name.
    """
    measured = [
        (result, file)
        for result in results
        if (file := files.get(result.measurement.subject.model_sha256 or ""))
        or result.measurement.subject.name == colour_baseline.NAME
    ]
    if not any(file for _, file in measured):
        measured = []
    measured.sort(key=lambda pair: -(_quality(pair[0]).auc or 0))
    splits = sorted({_quality(result).photos for result, _ in measured})
    rows = [
        _row(result, file, changed.get(result.measurement.subject.name))
        for result, file in measured
    ]
    return Table(
        title=f"{TITLE}{machine}",
        head=HEAD,
        # Folders repeat the baseline; a dictionary keeps the order.
        rows=tuple(dict.fromkeys(rows)),
        caption=f"{NOTICE[0].upper()}{NOTICE[1:]}. Photos: {', '.join(splits)}; 95 %"
        " intervals in brackets. Both matched figures have their threshold from these"
        " very photos: they compare networks and say nothing of new photos. When"
        " changed: under the small and middle changes of the shift bench (strengths 1"
        f" to {UP_TO}), at"
        " the file's own threshold. MACs: multiplications with an addition, of one"
        " photo.",
    )


def _shift_rows(folders: Iterable[Path]) -> dict[str, list[ShiftRow]]:
    """What the shift bench wrote into the folders, by name of the model."""
    rows: dict[str, list[ShiftRow]] = {}
    for folder in folders:
        report = read_shifts(folder)
        for row in report.rows if report else ():
            rows.setdefault(row.model, []).append(row)
    return rows


def _row(
    result: BenchmarkResult, file: ModelFile | None, shifts: Sequence[ShiftRow] | None
) -> tuple[str, ...]:
    quality, timing = _quality(result), result.measurement.timing
    name = result.measurement.subject.name
    recall, specificity = (_matched(quality, *held) for held in (
        ("recall", 0.95), ("specificity", 0.8),
    ))  # fmt: skip
    median = np.median(timing.interpreter_ms) if timing.interpreter_ms else None
    return (
        name,
        *_size_and_batch(file),
        estimate(quality.auc, quality.auc_delong),
        _in_words(recall.specificity if recall else None),
        _in_words(specificity.recall if specificity else None),
        *(_worst_cases(shifts, name) if shifts else (NOT_MEASURED, NOT_MEASURED)),
        *_work(file),
        milliseconds(None if median is None else float(median)),
        (result.revision.commit or "not known")[:COMMIT_LENGTH],
    )


def _size_and_batch(file: ModelFile | None) -> tuple[str, str]:
    if file is None:
        return NO_FILE, str(colour_baseline.IMAGE_SIZE_PX)
    training = file.card.provenance.training.get("settings", {})
    return str(training.get("batch_size", "not stated")), str(file.card.input.size_px)


def _work(file: ModelFile | None) -> tuple[str, str]:
    if file is None:
        return NO_FILE, NO_FILE
    macs = sum(layer.macs for layer in layers(file.model))
    return f"{macs / 1e6:.1f}", f"{file.path.stat().st_size / 1000:.0f}"


def _worst_cases(shifts: Sequence[ShiftRow], name: str) -> tuple[str, str]:
    bad = worst(shifts, name, UP_TO)
    missed = lowest_recall(shifts, name, UP_TO)
    return (
        f"{bad.auc:.3f}, {bad.shift}",
        f"{missed.recall:.3f} ({missed.specificity:.3f}), {missed.shift}",
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
