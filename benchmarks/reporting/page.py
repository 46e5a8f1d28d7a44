"""A report as one HTML file that needs no network: the charts' script is inside."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from benchmarks.errors import BenchmarkError
from benchmarks.reporting.chart_style import Chart
from benchmarks.reporting.charts import charts
from benchmarks.reporting.published import published_table
from benchmarks.reporting.summary import Report, Section
from benchmarks.reporting.tables import tables
from benchmarks.text.tables import Table

_FOLDER = Path(__file__).parent
# A finger that scrolls the page must not zoom the chart, and nothing may phone home.
_PLOTLY_SETTINGS = {
    "responsive": True,
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


def plotly_script() -> str:
    """The script that draws the charts, about 5 MB.

    Raises:
        BenchmarkError: when Plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise BenchmarkError(
            'the HTML report needs Plotly; install it: pip install "plotly>=6"'
        ) from error
    return str(get_plotlyjs())


def page(
    report: Report,
    script: str,
    *,
    tables_first: Sequence[Table] = (),
    charts_last: Sequence[Chart] = (),
) -> str:
    """The whole page.

    Args:
        report: what to show.
        script: what ``plotly_script`` returned.
        tables_first: shown above the charts, such as verdicts.
        charts_last: shown below all machines, such as the shift bench's.
    """
    parts = [html_table(table) for table in tables_first]
    parts.append(_filters(report))
    for place, section in enumerate(report.sections):
        parts.append(_section(place, section, report))
    for place, chart in enumerate(charts_last):
        parts.append(_chart(f"last-{place}", chart))
    if report.published:
        parts.append(html_table(published_table(report.published)))
    template = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(report.title),
        notice=escape(report.notice),
        introduction=escape(report.introduction),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        plotly=script,
        filters=(_FOLDER / "page.js").read_text(encoding="utf-8"),
        sections="\n".join(parts),
    )


def html_table(table: Table) -> str:
    """A table with its title and caption, scrolling sideways where it is too wide."""
    head = "".join(f'<th scope="col">{_breakable(cell)}</th>' for cell in table.head)
    body = "\n".join(
        f'<tr><th scope="row">{_breakable(row[0])}</th>'
        + "".join(f"<td>{_unbroken(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<h3>{escape(table.title)}</h3>\n"
        f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
        f'<p class="caption">{escape(table.caption)}</p>'
    )


def _breakable(name: str) -> str:
    """Text whose names may go on in the next line behind a dot or underscore."""
    return escape(name).replace(".", ".<wbr>").replace("_", "_<wbr>")


def _unbroken(cell: str) -> str:
    """A cell whose intervals stay in one line, though browsers break behind dashes."""
    return escape(cell).replace("\N{EN DASH}", "\N{EN DASH}\N{WORD JOINER}")


def _filters(report: Report) -> str:
    """A box to tick for every row, where there are several."""
    rows = [row.name for section in report.sections for row in section.rows]
    names = list(dict.fromkeys(rows))
    if len(names) < 2:
        return ""
    boxes = "".join(
        f'<label><input type="checkbox" value="{escape(name)}" checked>'
        f" {_breakable(name)}</label>"
        for name in names
    )
    return f'<fieldset id="filters"><legend>Show</legend>{boxes}</fieldset>'


def _section(place: int, section: Section, report: Report) -> str:
    """One machine: problems, charts, tables, facts, command."""
    parts = [
        f"<h2>{escape(section.machine)}</h2>",
        _problems(section.problems),
        *(
            _chart(f"{place}-{number}", chart)
            for number, chart in enumerate(charts(section.rows, report.published))
        ),
        *(html_table(table) for table in tables(section.rows)),
        "<h3>Machine and settings</h3>",
        _facts(section.facts),
        "<h3>Measure again</h3>",
        f"<pre>{escape(chr(10).join(section.commands))}</pre>",
    ]
    return "\n".join(parts)


def _problems(problems: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<ul class="problems">{items}</ul>' if items else ""


def _chart(place: str, chart: Chart) -> str:
    # Inside a script element a "<" in a string could end the element early.
    drawn = json.dumps(chart.figure, allow_nan=False).replace("<", "\\u003c")
    settings = json.dumps(_PLOTLY_SETTINGS)
    name = f"chart-{place}"
    return (
        f"<h3>{escape(chart.title)}</h3>\n"
        f'<div id="{name}" class="chart" role="img" aria-label="{escape(chart.title)};'
        f' the tables below hold the figures."></div>\n'
        f"<script>{{const figure = {drawn};"
        f' Plotly.newPlot("{name}", figure.data, figure.layout, {settings});}}'
        "</script>\n"
        f'<p class="caption">{escape(chart.caption)}</p>'
    )


def _facts(facts: Mapping[str, str]) -> str:
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f'<dl class="facts">{items}</dl>'
