"""The same figures in CSV, Markdown, HTML and in the chart."""

import csv
import dataclasses
import html.parser
import io
import json
import re

import numpy as np
import pytest

from benchmarks.html.page import page
from benchmarks.measure.measurement import BASELINE, PhotoScore
from benchmarks.measure.sustained import Window
from benchmarks.reporting.in_short import in_short
from benchmarks.reporting.latency_recall_chart import (
    LOWEST_PUBLISHED_RECALL,
    caption,
    latency_recall_figure,
)
from benchmarks.reporting.markdown import markdown
from benchmarks.reporting.published import published_table, read_published
from benchmarks.reporting.spreadsheet import spreadsheet
from benchmarks.reporting.summary import summarise
from benchmarks.reporting.tables.overview import overview, tables
from benchmarks.reporting.tables.quality import confusion_table
from benchmarks.reporting.tables.speed import drift_table, start_table
from benchmarks.results.quality import quality_by_source
from benchmarks.text.tables import text_table
from benchmarks.text.terms import explained, terms_in


@pytest.fixture
def baseline(result):
    """A result without a model file."""
    measurement = result.measurement
    return dataclasses.replace(
        result,
        measurement=dataclasses.replace(
            measurement,
            subject=dataclasses.replace(
                measurement.subject,
                name="colour_baseline",
                kind=BASELINE,
                file_bytes=None,
                model_sha256=None,
            ),
            interpreter=None,
            timing=dataclasses.replace(
                measurement.timing,
                cold_start_ms=None,
                load_ms=None,
                first_inference_ms=None,
                interpreter_ms=(),
                stages_ms={},
            ),
        ),
    )


@pytest.fixture
def report(result, baseline):
    return summarise({"pi": [result, baseline]}, read_published())


@pytest.fixture
def rows(report):
    return report.sections[0].rows


class TestTables:
    def test_recall_never_stands_without_specificity(self, rows):
        for table in tables(rows):
            assert ("recall" in table.head) == ("specificity" in table.head)

    def test_the_overview_shows_counts_as_shares_with_intervals(self, rows):
        model = dict(zip(overview(rows).head, overview(rows).rows[0], strict=True))
        # 2 of 3; Wilson's interval from scipy.stats.binomtest.
        assert model["recall"] == "0.667 (0.208\N{EN DASH}0.939)"
        assert model["photo to verdict median ms"] == "20.0"
        assert model["size KB"] == "123"

    def test_what_a_baseline_cannot_have_is_not_called_unmeasured(self, rows):
        cells = overview(rows).rows[1]
        assert cells.count("no model file") == 2
        assert "not measured" not in cells

    def test_what_was_not_measured_says_so(self, rows):
        unknown = dataclasses.replace(rows[0], peak_memory_mib=None)
        assert start_table([unknown]).rows[0][-2] == "not measured"

    def test_columns_line_up_on_a_terminal(self):
        text = text_table(("a", "b"), [("long name", "1"), ("x", "22.5")])
        assert text == "a             b\nlong name     1\nx          22.5"


class TestSpreadsheet:
    def test_figures_are_not_rounded(self, report, rows):
        lines = list(csv.DictReader(io.StringIO(spreadsheet(report))))
        model = lines[0]
        assert float(model["recall"]) == rows[0].quality[0].recall.value
        assert float(model["photo_to_verdict_p95_ms"]) == pytest.approx(29.0)
        assert model["photos"] == "test"
        assert lines[1]["photos"] == "test_clean"

    def test_published_figures_are_marked_and_not_measured(self, report):
        lines = csv.DictReader(io.StringIO(spreadsheet(report)))
        published = [line for line in lines if line["kind"] == "published"]
        assert len(published) == 6
        assert {line["photo_to_verdict_median_ms"] for line in published} == {
            "not measured"
        }

    def test_no_cell_is_blank(self, report):
        for line in csv.reader(io.StringIO(spreadsheet(report))):
            assert all(line)


class TestMarkdown:
    def test_it_holds_notice_machine_command_and_commit(self, report):
        text = markdown(report)
        for part in (
            "not a medical device",
            "## pi",
            "python benchmarks/run.py",
            "0123456789ab",
            "Published by the published project, not measured here",
        ):
            assert part in text

    def test_every_row_of_a_table_has_as_many_cells(self, report):
        widths = []
        for line in markdown(report).splitlines():
            if line.startswith("|"):
                widths.append(len(re.findall(r"(?<!\\)\|", line)))
            elif widths:
                assert len(set(widths)) == 1
                widths = []


class Reader(html.parser.HTMLParser):
    """Collects addresses and checks that tags close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "wbr", "input", "img"):
            self.open.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


class TestPage:
    def test_it_is_whole_and_fetches_nothing(self, report):
        reader = Reader()
        reader.feed(page(report, "/* plotly */"))
        assert (reader.open, reader.addresses) == ([], [])
        assert "not a medical device" in reader.text

    def test_names_cannot_smuggle_markup_into_it(self, result):
        name = "</script><script>alert(1)</script>"
        subject = dataclasses.replace(result.measurement.subject, name=name)
        measurement = dataclasses.replace(result.measurement, subject=subject)
        bad = dataclasses.replace(result, measurement=measurement)
        written = page(summarise({"<b>": [bad]}, read_published()), "")
        # The template's two, and the figures of each chart.
        charts = written.count('class="chart"')
        assert written.count("<script>") == 2
        assert written.count('<script type="application/json">') == charts
        assert written.count("</script>") == 2 + charts
        assert "<h2>&lt;b&gt;</h2>" in written

    def test_the_script_inside_draws_a_chart(self, report):
        plotly = pytest.importorskip("plotly.graph_objects")
        drawn = re.search(r'"application/json">(\{.*?\})<', page(report, ""))
        # Plotly's own checks refuse unknown attributes and bad values.
        figure = json.loads(drawn.group(1))
        figure.pop("config")
        figure = plotly.Figure(figure)
        assert {trace.name for trace in figure.data} == {
            "cnn32.qat_int8",
            "colour baseline",
            "seed, as published",
        }

    def test_the_sentence_and_the_table_come_before_any_chart(self, report):
        reader = Reader()
        reader.feed(page(report, ""))
        sentence, table, chart = (
            reader.text.index(words)
            for words in (
                "cnn32.qat_int8: 0.67 recall at 0.67 specificity in 20.0 ms",
                "In one line each",
                "Latency beside recall and specificity",
            )
        )
        assert sentence < table < chart

    def test_every_word_of_every_heading_is_explained_below_its_table(
        self, report, by_source
    ):
        shown = [published_table(report.published)]
        for made in (report, by_source):
            for section in made.sections:
                rows = [
                    dataclasses.replace(row, curves=curves_with_drift(row))
                    for row in section.rows
                ]
                shown += [*tables(rows), confusion_table(rows, None), drift_table(rows)]
        for table in shown:
            meanings = dict(explained(table))
            for heading in table.head:
                assert meanings.keys() & set(terms_in(heading)), heading
        # And the endings of sets of photos.
        written = page(report, "")
        assert "most frequent JPEG compression" not in written
        assert "\N{HORIZONTAL ELLIPSIS}_clean" in written

    def test_folds_hold_what_the_top_does_not(self, by_source):
        written = page(by_source, "")
        for fold in ("vienna", "york", "small"):
            assert f"<summary>Photos of {fold}: curves and counts</summary>" in written
        # Four curves: the third source has too few malignant photos.
        assert written.count("<h3>ROC curve</h3>") == 2
        assert written.count("<h3>Confusion matrix</h3>") == 3


def curves_with_drift(row):
    """The row's curves, as if it had worked without a pause."""
    window = Window(0.0, 9, 2.0, 3.0, 50.0, 2400.0)
    return dataclasses.replace(row.curves, sustained=(window,))


class TestInShort:
    def test_it_names_the_source_where_a_file_does_worst(self, by_source):
        (row,) = by_source.sections[0].rows
        worst = next(x for x in row.quality if x.source == row.over_sources.worst)
        assert in_short([row]).whole == (
            "On the photos of vienna, york: mean of 2 sources: cnn32.qat_int8:"
            f" {row.over_sources.recall.value:.2f} recall at"
            f" {row.over_sources.specificity.value:.2f} specificity in 20.0 ms (worst"
            f" source, {worst.source}: {worst.recall.value:.2f} at"
            f" {worst.specificity.value:.2f})."
        )

    def test_models_on_different_photos_say_so(self, rows):
        photos = dataclasses.replace(rows[0].quality[0], photos="test of york")
        other = dataclasses.replace(rows[0], quality=(photos,))
        told = in_short([rows[0], other])
        assert told.lead == "Each on photos of its own:"
        assert [words.rpartition(" on ")[2] for words in told.models] == [
            "test",
            "test of york",
        ]

    def test_nothing_measured_has_no_sentence(self, rows):
        assert in_short([dataclasses.replace(rows[0], quality=())]) is None


def test_the_confusion_matrix_counts_every_photo(rows):
    # Two of three malignant found; one of three others called malignant.
    assert confusion_table(rows, None).rows[0] == ("cnn32.qat_int8", *"2112")


def test_photos_per_second_come_from_the_mean(rows):
    # Three photos in 10 + 20 + 30 ms.
    assert rows[0].photos_per_second == pytest.approx(50)


class TestChart:
    def test_error_bars_reach_what_was_measured(self, rows):
        figure = latency_recall_figure(rows[:1], None)
        mark = figure["data"][0]
        latency, recall = rows[0].photo_to_verdict, rows[0].quality[0].recall
        left = mark["x"][0] - mark["error_x"]["arrayminus"][0]
        top = mark["y"][0] + mark["error_y"]["array"][0]
        assert left == pytest.approx(latency.p5_ms)
        assert top == pytest.approx(recall.high)

    def test_every_mark_has_its_specificity_below(self, rows):
        figure = latency_recall_figure(rows, read_published())
        upper, lower = (
            sorted(trace["name"] for trace in figure["data"] if trace["yaxis"] == axis)
            for axis in ("y", "y2")
        )
        assert upper == lower

    def test_marks_lie_inside_the_axes(self, rows):
        figure = latency_recall_figure(rows, read_published())
        for trace in figure["data"]:
            low, high = figure["layout"][trace["yaxis"].replace("y", "yaxis")]["range"]
            assert all(low <= value <= high for value in trace["y"])

    def test_the_caption_names_what_is_left_out(self, rows):
        published = read_published()
        text = caption([dataclasses.replace(rows[0], quality=())], published)
        assert "for want of a figure: cnn32.qat_int8" in text
        low = [n for n in published.networks if n.recall < LOWEST_PUBLISHED_RECALL]
        assert low and all(network.name in text for network in low)

    def test_no_rows_make_an_empty_chart(self):
        assert latency_recall_figure([], None)["data"] == []


@pytest.fixture
def by_source(result):
    """A report of photos of three sources, of which one has few malignant photos."""
    rng = np.random.default_rng(0)
    photos = tuple(
        PhotoScore(
            f"{source}{place}",
            place < malignant,
            f"{source}{place}",
            False,
            float(np.clip(0.3 + 0.3 * (place < malignant) + rng.normal(0, 0.2), 0, 1)),
            True,
            source,
        )
        for source, malignant in (("vienna", 30), ("york", 25), ("small", 4))
        for place in range(80)
    )
    found = quality_by_source(
        photos, "test", threshold=0.5, temperature=1.0, resamples=200
    )
    measurement = dataclasses.replace(result.measurement, scores=photos)
    result = dataclasses.replace(
        result,
        measurement=measurement,
        quality=found.quality,
        over_sources=found.over_sources,
    )
    return summarise({"pi": [result]}, None)


def test_a_report_of_several_sources_leads_with_their_table(by_source):
    (row,) = by_source.sections[0].rows
    first, second, *rest = tables([row])
    assert first.title == "Source by source"
    photos = [cells[1] for cells in first.rows]
    assert photos == [
        f"mean of 2 sources; worst: {row.over_sources.worst}",
        "test_clean of small",
        "test_clean of vienna",
        "test_clean of york",
    ]
    few = dict(zip(first.head, first.rows[1], strict=True))
    assert few["AUC"] == few["recall"] == "fewer than 20 malignant"
    assert few["specificity"].startswith("0.")
    assert f"{row.over_sources.auc.value:.3f}" in second.rows[0][3]
    # Nothing pooled is left in the other tables.
    assert not any("test_clean" == cell for t in rest for row in t.rows for cell in row)


def test_every_view_tells_the_mean_over_sources(by_source):
    (row,) = by_source.sections[0].rows
    mean = f"{row.over_sources.specificity.value:.3f}"
    assert mean in markdown(by_source)
    assert mean in page(by_source, "")
    lines = list(csv.DictReader(io.StringIO(spreadsheet(by_source))))
    assert [line["source"] for line in lines] == ["mean", "small", "vienna", "york"]
    assert float(lines[0]["auc"]) == row.over_sources.auc.value
    figure = latency_recall_figure([row], None)
    assert [trace["y"] for trace in figure["data"]] == [
        [row.over_sources.recall.value],
        [row.over_sources.specificity.value],
    ]


def test_no_curve_is_drawn_over_sources_pooled(by_source):
    (row,) = by_source.sections[0].rows
    assert row.curves.reliability == row.curves.risk == ()
