"""Charts hold what was measured, and Plotly's own checks accept them."""

import dataclasses

import numpy as np
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure.measurement import PhotoScore
from benchmarks.measure.sustained import Window
from benchmarks.reporting.charts import (
    distribution_figure,
    drift_figure,
    headline_charts,
    probability_charts,
    speed_charts,
    stage_figure,
)
from benchmarks.reporting.pareto_chart import front, pareto_figure
from benchmarks.reporting.published import read_published
from benchmarks.reporting.ranking_charts import ranking_charts
from benchmarks.reporting.summary import summarise
from benchmarks.results.curves import (
    COVERAGES,
    MOST_POINTS,
    quantiles,
    ranking,
    rankings,
    reliability,
    risk,
)
from benchmarks.robustness.shift_chart import charts_of, read_shifts, shift_chart
from benchmarks.robustness.shift_report import NO_SHIFT, ShiftReport, ShiftRow
from edge_runtime.files.strict_json import to_json


@pytest.fixture
def rows(result):
    """One model, which also worked without a pause."""
    windows = tuple(
        Window(float(start), 9, 2.0 + start, 3.0, 50.0, None) for start in (0, 60)
    )
    measurement = dataclasses.replace(result.measurement, sustained=windows)
    worked = dataclasses.replace(result, measurement=measurement)
    return summarise({"pi": [worked]}, read_published()).sections[0].rows


def test_plotly_accepts_every_chart(rows):
    plotly = pytest.importorskip("plotly.graph_objects")
    drawn = [
        *headline_charts(rows, read_published()),
        *speed_charts(rows),
        *probability_charts(rows),
        *ranking_charts(rows, None),
    ]
    assert len(drawn) == 9
    for chart in drawn:
        plotly.Figure(chart.figure)
        assert chart.title and chart.caption


def test_nothing_measured_makes_no_chart(rows):
    bare = dataclasses.replace(
        rows[0], curves=None, quality=(), stages_ms={}, photo_to_verdict=None
    )
    assert headline_charts([bare], None) == speed_charts([bare]) == ()
    assert probability_charts([bare]) == ranking_charts([bare], None) == ()


def test_a_distribution_ends_at_the_longest_photo(rows):
    (trace,) = distribution_figure(rows)["data"]
    assert (trace["x"][0], trace["x"][-1]) == (10.0, 30.0)
    assert (trace["y"][0], trace["y"][-1]) == (0.0, 100.0)
    assert quantiles(()) == ()


def test_stages_are_stacked_medians(rows):
    (trace,) = stage_figure(rows)["data"]
    assert (trace["name"], trace["x"]) == ("decode", [8.0])


def test_the_drift_tells_warmth_and_what_is_not_known(rows):
    (trace,) = drift_figure(rows)["data"]
    assert trace["x"] == [0.0, 1.0]
    assert trace["text"][0] == "50 °C, clock not known"


class TestReliability:
    def test_bins_count_their_photos(self, scores):
        bins = reliability(scores, 1.0)
        assert sum(found.observed.n for found in bins) == len(scores)
        # At 0.8 and 0.9 one malignant photo each: the bin is closed above.
        assert [b.observed.value for b in bins if b.promised > 0.7] == [1.0, 1.0]

    def test_no_photos_have_no_curve(self):
        assert reliability((), 1.0) == risk((), 0.5) == ()


class TestRanking:
    """Scores as an int8 file gives them: few values, so malignant and other tie."""

    @pytest.fixture
    def judged(self):
        generator = np.random.default_rng(0)
        labels = np.arange(1000) % 4 == 0
        scores = generator.normal(labels * 1.0, 1.0)
        return labels.astype(np.int64), np.round(scores * 20) / 20

    def test_the_area_under_the_curve_is_the_auc(self, judged):
        metrics = pytest.importorskip("sklearn.metrics")
        rates, recalls = np.array(ranking(*judged).roc).T
        expected = metrics.roc_auc_score(*judged)
        # Fewer points cut corners off; 150 of them along a length of 2 cut little.
        assert np.trapezoid(recalls, rates) == pytest.approx(expected, abs=5e-4)
        assert (rates[0], recalls[0], rates[-1], recalls[-1]) == (0, 0, 1, 1)

    def test_every_point_of_precision_and_recall_is_one_of_scikit_learns(self, judged):
        metrics = pytest.importorskip("sklearn.metrics")
        precisions, recalls, _ = metrics.precision_recall_curve(*judged)
        known = {
            (round(recall, 4), round(precision, 4))
            for recall, precision in zip(recalls, precisions, strict=True)
        }
        assert set(ranking(*judged).precision_recall) <= known

    def test_many_photos_have_few_points(self):
        generator = np.random.default_rng(0)
        labels = generator.integers(2, size=20_000)
        found = ranking(labels, generator.random(20_000))
        assert 100 < len(found.roc) <= MOST_POINTS + 1

    def test_sources_are_never_pooled_and_small_ones_have_no_curve(self):
        def photos(source, malignant, seen):
            return [
                PhotoScore(f"{source}{n}", n < malignant, "", seen, 0.5, True, source)
                for n in range(60)
            ]

        scores = [*photos("a", 25, False), *photos("b", 3, False)]
        scores += photos("a", 20, True)
        (found,) = rankings(scores)
        # Photos of lesions that training saw are left out.
        assert (found.source, found.malignant, found.other) == ("a", 25, 35)

    def test_the_mark_lies_on_the_curve(self, rows):
        roc, precision_recall = ranking_charts(rows, None)
        for chart in (roc, precision_recall):
            _, curve, mark = chart.figure["data"]
            on_it = set(zip(curve["x"], curve["y"], strict=True))
            (place,) = zip(mark["x"], mark["y"], strict=True)
            assert tuple(round(value, 4) for value in place) in on_it


class TestRisk:
    def test_the_last_point_is_the_error_of_all(self, scores):
        # One malignant below and one other above the threshold, of six.
        assert risk(scores, 0.5)[-1] == pytest.approx(2 / 6)

    def test_sure_photos_that_are_right_begin_without_error(self):
        sure = [PhotoScore(str(n), n % 2 == 0, "", False, 0.0, True) for n in range(20)]
        scores = [
            dataclasses.replace(photo, score=0.99 if photo.malignant else 0.01)
            for photo in sure
        ]
        scores += [PhotoScore("x", True, "", False, 0.49, True)] * 5
        curve = dict(zip(COVERAGES, risk(scores, 0.5), strict=True))
        assert curve[0.8] == 0
        assert curve[1.0] == pytest.approx(0.2)

    def test_each_side_counts_by_its_own_length(self):
        # Threshold 0.1: a score of 0 is as sure as a score of 1.
        low = PhotoScore("a", False, "", False, 0.0, True)
        wrong = PhotoScore("b", False, "", False, 0.5, True)
        assert risk([wrong, low], 0.1)[0] == 0


class TestPareto:
    def test_the_beaten_are_not_on_the_line(self):
        points = [(1.0, 0.5), (2.0, 0.9), (3.0, 0.8), (2.0, 0.7)]
        assert front(points) == [(1.0, 0.5), (2.0, 0.9)]

    def test_a_mark_has_bars_both_ways(self, rows):
        (mark,) = pareto_figure(rows)["data"]
        (held,) = [
            found
            for found in rows[0].quality[0].detail.matched
            if found.held == "specificity"
        ]
        assert mark["y"] == [held.recall.value]
        assert mark["y"][0] + mark["error_y"]["array"][0] == held.recall.high
        assert mark["error_x"]["array"][0] > 0
        assert "specificity" in mark["hovertemplate"]


class TestShifts:
    report = ShiftReport(
        "test",
        6,
        None,
        (
            ShiftRow("a", NO_SHIFT, 0, 0.9, 0.9, 0.8),
            ShiftRow("a", "darker", 1, 0.89, 0.9, 0.8),
            ShiftRow("a", "darker", 2, 0.8, 0.7, 0.8),
        ),
    )

    def test_the_map_shows_what_a_change_costs(self):
        plotly = pytest.importorskip("plotly.graph_objects")
        chart = shift_chart(self.report)
        (trace,) = plotly.Figure(chart.figure).data
        assert trace.z[0][0] == pytest.approx(-0.1)
        assert trace.text[0][0] == "0.80"
        assert "specificity" in trace.customdata[0][0]

    def test_it_is_read_from_beside_the_report(self, tmp_path):
        assert charts_of(read_shifts(tmp_path)) == ()
        (tmp_path / "shifts.json").write_text(to_json(self.report), encoding="utf-8")
        assert read_shifts(tmp_path) == self.report

    def test_another_file_of_that_name_is_refused(self, tmp_path):
        (tmp_path / "shifts.json").write_text("{}", encoding="utf-8")
        with pytest.raises(BenchmarkError, match="no result of benchmarks"):
            read_shifts(tmp_path)
