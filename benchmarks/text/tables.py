"""A table of text, as every view shows it."""

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
