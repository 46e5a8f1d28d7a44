"""A report as Markdown, and tables as text that lines up on a terminal."""

from collections.abc import Iterable

from benchmarks.reporting.in_short import Sentence, in_short
from benchmarks.reporting.published import published_table
from benchmarks.reporting.summary import Report, Section
from benchmarks.reporting.tables.overview import tables
from benchmarks.reporting.tables.speed import speed_tables
from benchmarks.text.tables import Table, _plain, markdown_table

SPEED_INTRODUCTION = (
    "Each model file ran in a fresh process. Interpreter is the model alone, tensor in"
    " to tensor out; photo to verdict starts with a path on disk and includes reading,"
    " decoding, resizing, the quality check and deciding. What the files find"
    " stands in results.md: no figure here says whether a model is any good."
)


def markdown(report: Report) -> str:
    """The whole report; the chart's place is taken by its tables."""
    parts = [f"# {report.title}", f"**{report.notice}**", report.introduction]
    for section in report.sections:
        parts += _section(section, tables(section.rows), in_short(section.rows))
    if report.published:
        parts += markdown_table(published_table(report.published))
    return "\n\n".join(parts) + "\n"


def speed_markdown(report: Report) -> str:
    """Durations alone."""
    parts = ["# Speed", f"**{report.notice}**", SPEED_INTRODUCTION]
    for section in report.sections:
        parts += _section(section, speed_tables(section.rows))
    return "\n\n".join(parts) + "\n"


def _section(
    section: Section, shown: Iterable[Table], sentence: Sentence | None = None
) -> Iterable[str]:
    yield f"## {section.machine}"
    if sentence is not None:
        yield _plain(sentence.whole)
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
