"""ROC and precision-recall curves of all models on the photos of one source."""

from collections.abc import Callable, Iterator, Sequence

from benchmarks.reporting.chart_style import (
    Chart,
    Figure,
    Look,
    dotted,
    layout,
    line,
    looks,
    shown_name,
)
from benchmarks.reporting.summary import Row
from benchmarks.reporting.tables.quality import first_quality
from benchmarks.results.curves import Point, Ranking
from benchmarks.results.result import Quality

Curve = Callable[[Ranking], Sequence[Point]]
Place = Callable[[int, int, Ranking], Point]
"""Where a file's threshold lies, from its true and false positives."""


def ranking_charts(rows: Sequence[Row], source: str | None) -> tuple[Chart, ...]:
    """Both curves; nothing where the source has too few malignant photos.

    Args:
        rows: of one machine.
        source: whose photos; None where the split is of one source.
    """
    found = [(row, ranking) for row in rows for ranking in _of(row, source)]
    if not found:
        return ()
    malignant, other = found[0][1].malignant, found[0][1].other
    counts = f"{malignant} malignant and {other} other photos"
    return (
        Chart(
            "ROC curve",
            _figure(
                rows,
                found,
                lambda ranking: ranking.roc,
                lambda hits, alarms, r: (alarms / r.other, hits / r.malignant),
                "false alarm rate",
                "recall",
                dotted((0, 0), (1, 1)),
            ),
            f"Recall against 1 - specificity at every threshold; {counts}. The mark"
            " is the file's own threshold. Up and left is better; a coin toss lies on"
            " the dotted line.",
        ),
        Chart(
            "Precision-recall curve",
            _figure(
                rows,
                found,
                lambda ranking: ranking.precision_recall,
                lambda hits, alarms, r: (hits / r.malignant, hits / (hits + alarms)),
                "recall",
                "precision",
                dotted(
                    (0, malignant / (malignant + other)),
                    (1, malignant / (malignant + other)),
                ),
            ),
            "Precision: the share of malignant photos among those called malignant. It"
            f" depends on how many are malignant: here {malignant} of"
            f" {malignant + other}, which is the dotted line. Among patients they are"
            " far fewer, and precision is far lower.",
        ),
    )


def _of(row: Row, source: str | None) -> Iterator[Ranking]:
    for ranking in row.curves.rankings if row.curves else ():
        if ranking.source == source:
            yield ranking


def _figure(
    rows: Sequence[Row],
    found: Sequence[tuple[Row, Ranking]],
    curve: Curve,
    place: Place,
    x_title: str,
    y_title: str,
    chance: Figure,
) -> Figure:
    look = looks(rows)
    traces = [chance]
    for row, ranking in found:
        points = curve(ranking)
        traces.append(
            {
                **line(row, look[row.name], *map(list, zip(*points, strict=True))),
                "hovertemplate": f"{x_title} %{{x:.3f}}<br>{y_title} %{{y:.3f}}"
                "<extra>%{fullData.name}</extra>",
            }
        )
        quality = first_quality(row, ranking.source)
        traces += _mark(row, look[row.name], quality, ranking, place)
    frame = layout(400, x_title, y_title)
    for axis in ("xaxis", "yaxis"):
        frame[axis]["range"] = [-0.02, 1.02]
    return {"data": traces, "layout": frame}


def _mark(
    row: Row, look: Look, quality: Quality | None, ranking: Ranking, place: Place
) -> Iterator[Figure]:
    """The file's own threshold on its curve."""
    if quality is None or quality.recall is None or quality.specificity is None:
        return
    hits = quality.recall.successes
    alarms = quality.specificity.n - quality.specificity.successes
    if hits + alarms == 0:
        return  # It called no photo malignant, so no precision.
    x, y = place(hits, alarms, ranking)
    yield {
        "type": "scatter",
        "mode": "markers",
        "name": shown_name(row),
        "legendgroup": row.name,
        "showlegend": False,
        "x": [x],
        "y": [y],
        "marker": {"size": 11, "symbol": look.symbol, "color": look.colour},
        "hovertemplate": "own threshold: recall"
        f" {hits}/{ranking.malignant}, false alarms {alarms}/{ranking.other}"
        "<extra>%{fullData.name}</extra>",
    }
