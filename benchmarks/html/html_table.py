"""A table as HTML: it scrolls with a hint, and its words are explained below it."""

from collections.abc import Iterable
from html import escape

from benchmarks.text.tables import Table
from benchmarks.text.terms import explained


def html_table(table: Table) -> str:
    """A table with its title, its caption, and what its words mean, folded."""
    head = "".join(f'<th scope="col">{breakable(cell)}</th>' for cell in table.head)
    body = "\n".join(
        f'<tr><th scope="row">{breakable(row[0])}</th>'
        + "".join(map(_cell, row[1:]))
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<h3>{escape(table.title)}</h3>\n"
        # page.js shows the hint where the table is wider than the page.
        '<p class="hint" hidden>More columns to the right: scroll the table'
        " sideways.</p>\n"
        f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
        f'<p class="caption">{escape(table.caption)}</p>\n'
        f"{_terms(explained(table))}"
    )


def description_list(items: Iterable[tuple[str, str]], name: str) -> str:
    """Terms and what they are."""
    cells = "".join(
        f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" for term, value in items
    )
    return f'<dl class="{name}">{cells}</dl>'


def breakable(name: str) -> str:
    """Text whose names may go on in the next line behind a dot or underscore."""
    return escape(name).replace(".", ".<wbr>").replace("_", "_<wbr>")


def _terms(terms: Iterable[tuple[str, str]]) -> str:
    if not (found := list(terms)):
        return ""
    return (
        '<details class="terms"><summary>What these words mean</summary>'
        f"{description_list(found, 'facts')}</details>"
    )


def _cell(cell: str) -> str:
    """A cell; words get room on a phone, where figures may break after the value."""
    kind = ' class="words"' if len(cell) > 12 and cell[0].isalpha() else ""
    return f"<td{kind}>{_unbroken(cell)}</td>"


def _unbroken(cell: str) -> str:
    """A cell whose intervals stay in one line, though browsers break behind dashes."""
    return escape(cell).replace("\N{EN DASH}", "\N{EN DASH}\N{WORD JOINER}")
