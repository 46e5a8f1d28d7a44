"""A report as Markdown, and tables as text that lines up on a terminal."""

from collections.abc import Iterable, Sequence

from benchmarks.published_table import published_table
from benchmarks.summary import Report, Section
from benchmarks.table import Table
from benchmarks.tables import tables


def markdown(report: Report) -> str:
    """The whole report; the chart's place is taken by its tables."""
    parts = [f"# {report.title}", f"**{report.notice}**", report.introduction]
    for section in report.sections:
        parts += _section(section)
    if report.published:
        parts += markdown_table(published_table(report.published))
    return "\n\n".join(parts) + "\n"


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns that line up; the first to the left, the others to the right."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _section(section: Section) -> Iterable[str]:
    yield f"## {section.machine}"
    if section.problems:
        yield "\n".join(f"- **{_plain(problem)}**" for problem in section.problems)
    for table in tables(section.rows):
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
