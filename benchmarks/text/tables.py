"""A table of text, as every view shows it."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Cells of text; the first column names the row.

    Attributes:
        title: what the table is about.
        head: name of each column, with its unit.
        rows: cells.
        caption: what one must know to read it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


def text_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, wrap: bool = True
) -> str:
    """Columns that line up; the first to the left, the others to the right.

    Args:
        head: a heading for each column.
        rows: cells.
        wrap: headings take several lines rather than make a column wider than its
            cells; else each has one line.
    """
    body = [tuple(row) for row in rows]
    cells = zip(*body, strict=True) if body else [()] * len(head)
    widths = [
        max(map(len, (*(name.split() if wrap else [name]), *column)), default=0)
        for name, column in zip(head, cells, strict=True)
    ]
    lines = [*_heading(head, widths), *body]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _heading(head: Sequence[str], widths: Sequence[int]) -> Iterable[tuple[str, ...]]:
    """The head's lines; short names stand in the last one."""
    wrapped = [
        textwrap.wrap(name, max(width, 1))
        for name, width in zip(head, widths, strict=True)
    ]
    height = max(map(len, wrapped))
    filled = [[""] * (height - len(name)) + name for name in wrapped]
    return zip(*filled, strict=True)


def markdown_table(table: Table) -> Iterable[str]:
    """Heading, table and caption, to be parted by blank lines."""
    lines = (table.head, ("---", *["---:"] * (len(table.head) - 1)), *table.rows)
    yield f"### {table.title}"
    yield "\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines)
    yield _plain(table.caption)


def _plain(text: str) -> str:
    """Text that Markdown leaves alone."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def filled(*tables: Table) -> tuple[Table, ...]:
    """Those that have a row."""
    return tuple(table for table in tables if table.rows)
