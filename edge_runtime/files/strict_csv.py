"""Tables of comma-separated values, read so that a damaged one is noticed.

Python's reader takes a stray quotation mark for the beginning of a field that may
hold line breaks, and swallows every row up to the next one. A table of photos has
none: each of its rows stands on one line.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass


class TableError(ValueError):
    """The table is damaged; the message names the line."""


@dataclass(frozen=True)
class Table:
    """A table's header and rows.

    Attributes:
        columns: the header's names, in order.
        rows: for each row the number of its line, counted from 1 and with blank lines,
            and its cells by column, without the spaces around them.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_table(text: str) -> Table:
    """Read a whole table.

    Blank lines are skipped. A row may have fewer cells than the header, the others are
    then empty, and may not have more.

    Raises:
        TableError: naming the line, when a quotation is not closed on its line or
            stands where none may be, a column has no name of its own, or a row has too
            many cells.
    """
    lines = _lines(text)
    first = next(lines, None)
    if first is None:
        return Table((), ())
    columns = tuple(name.strip() for name in first[1])
    _check_header(columns, first[0])
    rows = []
    for number, cells in lines:
        if len(cells) > len(columns):
            raise TableError(
                f"line {number} has {len(cells)} cells, the header {len(columns)}. A"
                " comma inside a cell needs quotation marks around the cell."
            )
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        values = (cell.strip() for cell in padded)
        rows.append((number, dict(zip(columns, values, strict=True))))
    return Table(columns, tuple(rows))


def columns_of(text: str) -> tuple[str, ...]:
    """The header's names; empty for a text that is no table."""
    try:
        first = next(_lines(text), None)
    except TableError:
        return ()
    return tuple(name.strip() for name in first[1]) if first else ()


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank, with its number, taken apart by itself."""
    separator = ""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not line.strip():
            continue
        # Spreadsheets write semicolons where the comma is the decimal point.
        separator = separator or max(",;\t", key=line.count)
        try:
            (cells,) = csv.reader([line.rstrip("\n")], delimiter=separator, strict=True)
        except (csv.Error, ValueError) as error:
            raise TableError(
                f"line {number} has a quotation mark that is not closed or stands in"
                f" the middle of a cell ({error}): {line.strip()[:60]!r}. Remove it, or"
                " write two for one."
            ) from error
        if any('"' in cell for cell in cells) and '""' not in line:
            raise TableError(
                f"line {number} has a quotation mark in the middle of a cell:"
                f" {line.strip()[:60]!r}. Remove it, or put the cell between quotation"
                " marks and write two for one."
            )
        yield number, cells


def _check_header(columns: tuple[str, ...], number: int) -> None:
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise TableError(f"line {number} names the columns {twice} more than once")
