"""Cost curves: which points there are, what a batch is given, the three files."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from benchmarks.costs.cases import AXES, BATCH, MEGAPIXELS, SIDE, THREADS, Cost, planned
from benchmarks.costs.chart import cost_charts, read_costs
from benchmarks.costs.cost_bench import main
from benchmarks.costs.report import CostReport, CostRow, axis_table, costs_csv
from edge_runtime.measuring.latency import counted
from edge_runtime.model.file import read_model_file

ONCE = counted(warmup=0, runs=1)


def planned_cases(model_path, axis, cores=4):
    large = {0.1: "small.jpg", 12.0: "large.jpg"}
    return list(planned([model_path], [axis], ("a.jpg",), large, cores, ONCE))


def test_threads_go_up_to_the_cores_and_reach_the_interpreter(model_path):
    cases = planned_cases(model_path, THREADS, cores=6)
    assert [case.amount for case in cases] == [1, 2, 4]
    assert [case.threads for case in cases] == [1, 2, 4]


def test_every_size_of_photo_is_judged_from_its_own_file(model_path):
    cases = planned_cases(model_path, MEGAPIXELS)
    assert [(case.amount, case.photos) for case in cases] == [
        (0.1, ("small.jpg",)),
        (12.0, ("large.jpg",)),
    ]


def test_a_batch_gets_the_scores_of_its_photos(model_path):
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed here")
    from benchmarks.costs.worker import _opened
    from edge_runtime.model.interpreter import open_model_file

    file = read_model_file(model_path)
    model = open_model_file(file)
    photos = np.random.default_rng(0).integers(0, 256, (3, *model.input_shape[1:]))
    photos = photos.astype(model.input.dtype)
    alone = [model.infer(photo[np.newaxis])[0] for photo in photos]
    assert _opened(file.model, 3, 1)(photos).tolist() == alone


def test_the_first_batch_that_is_not_full_is_filled_up(model_path, root):
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed here")
    from benchmarks.costs.worker import cost

    (case,) = (case for case in planned_cases(model_path, BATCH) if case.amount == 4)
    photos = tuple(map(str, sorted((root / "samples").glob("*.png"))[:3]))
    assert cost(dataclasses.replace(case, photos=photos)).median_ms > 0


@pytest.fixture
def report(machine):
    cost = Cost(2.0, 3.0, 1.5, 30.0, 50.0)
    rows = tuple(
        CostRow(axis, "photo to verdict", model, amount, cost)
        for axis in AXES
        for model in ("a", "b")
        for amount in (1.0, 10.0)
    )
    return CostReport("abc", machine, "python -m benchmarks.costs.cost_bench", rows)


def test_a_table_has_a_row_for_each_curve_and_a_column_for_each_amount(report):
    table = axis_table(report, MEGAPIXELS)
    assert table.head == ("model", "1 megapixels", "10 megapixels")
    assert table.rows == (("a", "2.00; 50", "2.00; 50"), ("b", "2.00; 50", "2.00; 50"))


def test_the_spreadsheet_has_a_line_for_each_point(report):
    lines = list(csv.DictReader(costs_csv(report).splitlines()))
    assert len(lines) == len(report.rows)
    assert (lines[0]["amount"], lines[0]["peak_mib"]) == ("1", "50.0")


def test_every_axis_has_a_chart_of_time_and_memory(report):
    charts = cost_charts(report)
    assert len(charts) == len(AXES)
    assert [trace["y"] for trace in charts[0].figure["data"][:2]] == [
        [2.0, 2.0],
        [50.0, 50.0],
    ]


def test_one_network_at_several_sizes_is_one_curve(machine):
    cost = Cost(2.0, 3.0, 1.5, 30.0, 50.0)
    sizes = {"cnn128.a8": 128.0, "cnn32.a8": 32.0, "net25_64.a8": 64.0}
    rows = tuple(
        CostRow(SIDE, "interpreter", name, size, cost) for name, size in sizes.items()
    )
    (chart,) = cost_charts(CostReport("abc", machine, "", rows))
    shown = {
        trace["name"]: trace["x"]
        for trace in chart.figure["data"]
        if trace["showlegend"]
    }
    assert shown == {
        "cnn.a8, interpreter": [32.0, 128.0],
        "net25.a8, interpreter": [64.0],
    }


@pytest.mark.slow
def test_the_command_writes_what_the_report_reads(model_path, root, tmp_path, capsys):
    words = ["--models", str(model_path.parent), "--only", model_path.stem]
    words += ["--photos", str(root / "samples"), "--out", str(tmp_path)]
    words += ["--axes", "side", "threads", "--runs", "2", "--warmup-min-secs", "0"]
    assert main([*words, "--min-secs", "0"]) == 0
    assert "Side of the input" in capsys.readouterr().out
    assert len(cost_charts(read_costs(tmp_path))) == 2
    saved = json.loads((tmp_path / "costs.json").read_text())
    assert all(row["cost"]["median_ms"] > 0 for row in saved["rows"])
    assert "not a medical device" in (tmp_path / "costs.md").read_text()


def test_a_photo_that_is_none_is_an_error(model_path, tmp_path, capsys):
    broken = tmp_path / "a.png"
    broken.write_text("no picture")
    words = ["--models", str(model_path.parent), "--only", model_path.stem]
    words += ["--photos", str(broken), "--out", str(tmp_path), "--axes", "threads"]
    assert main(words) == 1
    assert "a.png" in capsys.readouterr().err
