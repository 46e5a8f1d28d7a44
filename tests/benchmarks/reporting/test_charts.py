"""Charts hold what was measured, and Plotly's own checks accept them."""

import dataclasses

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure.measurement import PhotoScore
from benchmarks.measure.sustained import Window
from benchmarks.reporting.charts import (
    charts,
    distribution_figure,
    drift_figure,
    stage_figure,
)
from benchmarks.reporting.pareto_chart import front, pareto_figure
from benchmarks.reporting.published import read_published
from benchmarks.reporting.summary import summarise
from benchmarks.results.curves import COVERAGES, quantiles, reliability, risk
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
    drawn = charts(rows, read_published())
    assert len(drawn) == 7
    for chart in drawn:
        plotly.Figure(chart.figure)
        assert chart.title and chart.caption


def test_nothing_measured_makes_no_chart(rows):
    bare = dataclasses.replace(
        rows[0], curves=None, quality=(), stages_ms={}, photo_to_verdict=None
    )
    assert charts([bare], None) == ()


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
        with pytest.raises(BenchmarkError, match="no result of the shift bench"):
            read_shifts(tmp_path)
