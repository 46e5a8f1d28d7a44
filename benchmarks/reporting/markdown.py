"""A report as Markdown, and tables as text that lines up on a terminal."""

import textwrap
from collections.abc import Iterable, Sequence

from benchmarks.reporting.published_table import published_table
from benchmarks.reporting.summary import Report, Section
from benchmarks.reporting.tables import speed_tables, tables
from benchmarks.text.tables import Table

SPEED_INTRODUCTION = (
    "Each model file ran in a fresh process. Interpreter is the model alone, tensor in"
    " to tensor out; photo to verdict starts with a path on disk and includes reading,"
    " decoding, resizing, the look at the photo and deciding. What the files find"
    " stands in results.md: no figure here says whether a model is any good."
)


def markdown(report: Report) -> str:
    """The whole report; the chart's place is taken by its tables."""
    parts = [f"# {report.title}", f"**{report.notice}**", report.introduction]
    for section in report.sections:
        parts += _section(section, tables(section.rows))
    if report.published:
        parts += markdown_table(published_table(report.published))
    return "\n\n".join(parts) + "\n"


def speed_markdown(report: Report) -> str:
    """Durations alone."""
    parts = ["# Speed", f"**{report.notice}**", SPEED_INTRODUCTION]
    for section in report.sections:
        parts += _section(section, speed_tables(section.rows))
    return "\n\n".join(parts) + "\n"


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns that line up; the first to the left, the others to the right.

    Headings take several lines rather than make a column wider than its cells.
    """
    body = [tuple(row) for row in rows]
    cells = zip(*body, strict=True) if body else [()] * len(head)
    widths = [
        max(map(len, (*name.split(), *column)), default=0)
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


def _section(section: Section, shown: Iterable[Table]) -> Iterable[str]:
    yield f"## {section.machine}"
    if section.problems:
        yield "\n".join(f"- **{_plain(problem)}**" for problem in section.problems)
    for table in shown:
        yield from markdown_table(table)
    yield "### Machine and settings"
    yield "\n".join(
        f"- {name}: {_plain(value)}" for name, value in section.facts.items()
    )
    yield "### Measure again"
    yield "\n".join(("```", *section.commands, "```"))


def markdown_table(table: Table) -> Iterable[str]:
    """Heading, table and caption, to be parted by blank lines."""
    lines = (table.head, ("---", *["---:"] * (len(table.head) - 1)), *table.rows)
    yield f"### {table.title}"
    yield "\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines)
    yield _plain(table.caption)


def _plain(text: str) -> str:
    """Text that Markdown leaves alone."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
