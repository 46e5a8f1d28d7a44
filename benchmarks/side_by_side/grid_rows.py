"""Rows of ``grid.py`` that are kept, for networks whose files are no longer at hand.

A grid of networks is trained over days and its files are thrown away; what was measured
of them stays, with the commit that measured it. A file measured anew takes the place of
the row of its name.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.text.tables import Table
from edge_runtime.files.atomic import write_text

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
            f"{path} cannot be read as rows of benchmarks/side_by_side/networks.py ({error}); expected a"
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
