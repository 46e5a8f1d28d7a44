"""A report as one HTML file that needs no network: the charts' script is inside.

What most readers want stands open at the top: one sentence, one table, one chart.
Everything else is folded below it, by subject.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from benchmarks.errors import BenchmarkError
from benchmarks.html.html_table import breakable, description_list, html_table
from benchmarks.reporting.chart_style import Chart
from benchmarks.reporting.charts import (
    headline_charts,
    probability_charts,
    speed_charts,
)
from benchmarks.reporting.in_short import Sentence, in_short
from benchmarks.reporting.published import published_table
from benchmarks.reporting.ranking_charts import ranking_charts
from benchmarks.reporting.summary import Report, Row, Section
from benchmarks.reporting.tables.overview import overview
from benchmarks.reporting.tables.quality import (
    MEAN,
    confusion_table,
    quality_tables,
    source_table,
)
from benchmarks.reporting.tables.speed import speed_tables
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
            'the HTML report needs Plotly; install it: pip install ".[bench]"'
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
    for place, section in enumerate(report.sections):
        parts += _section(place, section, report)
    if charts_last:
        drawn = (_chart(f"last-{n}", chart) for n, chart in enumerate(charts_last))
        parts.append(_fold("Layers, costs and changed photos", drawn))
    if report.published:
        table = published_table(report.published)
        parts.append(_fold("Published figures of other networks", [html_table(table)]))
    template = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(report.title),
        notice=escape(report.notice),
        introduction=_fold(
            "How this was measured", [f"<p>{escape(report.introduction)}</p>"]
        ),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        plotly=script,
        script=(_FOLDER / "page.js").read_text(encoding="utf-8"),
        sections="\n".join(parts),
    )


def _filters(report: Report) -> str:
    """A box to tick for every row, where there are several."""
    rows = [row.name for section in report.sections for row in section.rows]
    names = list(dict.fromkeys(rows))
    if len(names) < 2:
        return ""
    boxes = "".join(
        f'<label><input type="checkbox" value="{escape(name)}" checked>'
        f" {breakable(name)}</label>"
        for name in names
    )
    return f'<fieldset id="filters"><legend>Show</legend>{boxes}</fieldset>'


def _section(place: int, section: Section, report: Report) -> Iterator[str]:
    """One machine: the answer first, then everything else in folds."""
    rows, numbers = section.rows, itertools.count()

    def drawn(charts: Iterable[Chart]) -> str:
        shown = [_chart(f"{place}-{next(numbers)}", chart) for chart in charts]
        return f'<div class="charts">{"".join(shown)}</div>' if shown else ""

    yield f"<h2>{escape(section.machine)}</h2>"
    yield _problems(section.problems)
    yield _short(in_short(rows))
    yield html_table(overview(rows))
    if place == 0:
        yield _filters(report)
    yield drawn(headline_charts(rows, report.published))
    if (means := source_table(rows, MEAN)).rows:
        yield _fold("Mean over sources", [html_table(means)])
    for title, source in _sources(rows).items():
        yield _fold(
            title,
            (
                _table(source_table(rows, source)) if source else "",
                _table(confusion_table(rows, source)),
                drawn(ranking_charts(rows, source)),
            ),
        )
    yield _fold(
        "Speed and memory",
        (drawn(speed_charts(rows)), *map(html_table, speed_tables(rows))),
    )
    yield _fold("Probabilities", [drawn(probability_charts(rows))])
    yield _fold("All figures of quality", map(html_table, quality_tables(rows)))
    yield _fold(
        "Machine and settings", [description_list(section.facts.items(), "facts")]
    )
    yield _fold(
        "Measure again", [f"<pre>{escape(chr(10).join(section.commands))}</pre>"]
    )


def _short(sentence: Sentence | None) -> str:
    """The sentence, a line for each model."""
    if sentence is None:
        return ""
    lines = ";</li><li>".join(map(escape, sentence.models))
    return (
        f'<div class="short"><p>{escape(sentence.lead)}</p>'
        f"<ul><li>{lines}.</li></ul></div>"
    )


def _sources(rows: Sequence[Row]) -> dict[str, str | None]:
    """Titles of the folds on what was found, each with its source or None."""
    found = [each for row in rows for each in row.quality]
    if any(each.source for each in found):
        return {
            f"Photos of {source}: curves and counts": source
            for source in sorted({each.source for each in found if each.source})
        }
    return {"ROC, precision-recall and confusion matrix": None} if found else {}


def _fold(title: str, parts: Iterable[str]) -> str:
    """Something to open; nothing where there is nothing inside."""
    inside = "\n".join(part for part in parts if part)
    if not inside:
        return ""
    return (
        f'<details class="fold"><summary>{escape(title)}</summary>\n{inside}\n'
        "</details>"
    )


def _table(table: Table) -> str:
    return html_table(table) if table.rows else ""


def _problems(problems: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<ul class="problems">{items}</ul>' if items else ""


def _chart(place: str, chart: Chart) -> str:
    """What ``page.js`` draws as soon as it is seen."""
    # Inside a script element a "<" in a string could end the element early.
    drawn = json.dumps(
        {**chart.figure, "config": _PLOTLY_SETTINGS}, allow_nan=False
    ).replace("<", "\\u003c")
    return (
        f"<section><h3>{escape(chart.title)}</h3>\n"
        f'<div id="chart-{place}" class="chart" role="img"'
        f' aria-label="{escape(chart.title)}; the tables hold the figures."></div>\n'
        f'<script type="application/json">{drawn}</script>\n'
        '<div class="legend"></div>\n'
        f'<p class="caption">{escape(chart.caption)}</p></section>'
    )
