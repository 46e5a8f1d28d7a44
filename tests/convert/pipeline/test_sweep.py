from dataclasses import replace
from pathlib import Path

import pytest

from convert.errors import ConversionError, GateError
from convert.pipeline.sweep import Row, page, sweep, table
from convert.quantize.recipes import AI_EDGE, RECIPES
from convert.to_tflite import parse
from edge_runtime.measuring.machine import describe_machine

MANIFEST = ("--manifest", "table.csv")


def _jobs(*words):
    return [
        (str(job.keras_model), job.recipe) for job in parse([*words, *MANIFEST]).jobs()
    ]


class TestJobs:
    def test_one_model_and_one_recipe_are_one(self):
        assert _jobs("a.keras") == [("a.keras", "qat_int8")]

    def test_every_model_by_every_recipe(self):
        models = ("a.keras", "b.h5", "c")
        assert _jobs(*models, "--recipe", "all") == [
            (model, recipe)
            for model in models
            for recipe in RECIPES
            if recipe != AI_EDGE
        ]

    def test_all_means_those_that_the_target_runs(self):
        jobs = _jobs("a.keras", "--recipe", "all", "--target", "rpicam")
        assert [recipe for _, recipe in jobs] == ["ptq_int8", "qat_int8"]

    @pytest.mark.parametrize(
        "words",
        [
            (),
            ("--builder", "nets:build"),
            ("a.keras", "--builder", "nets:build", "--weights", "w.h5"),
            ("a.keras", "--keep-float", "conv", "--recipe", "float32"),
        ],
        ids=["no-model", "no-weights", "two-sources", "float-already"],
    )
    def test_contradictions_are_usage_errors(self, words, capsys):
        with pytest.raises(SystemExit) as ended:
            parse([*words, *MANIFEST])
        assert ended.value.code == 2
        assert "error:" in capsys.readouterr().err


class TestSweep:
    @pytest.fixture
    def jobs(self):
        return parse(["a.keras", "b.keras", "--recipe", "ptq_int8", *MANIFEST]).jobs()

    def test_prints_a_row_for_each_file(self, jobs, model_file, capsys):
        assert sweep(jobs, lambda _: model_file) == 0
        lines = capsys.readouterr().out.splitlines()
        cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
        assert cells[0] == model_file.name
        assert cells[1] == f"{model_file.stat().st_size / 1000:.0f}"
        assert float(cells[-3]) > 0
        assert lines[3].startswith(f"| {model_file.name}")

    @pytest.mark.parametrize(
        ("error", "status"), [(GateError("too much"), 4), (ConversionError("no"), 3)]
    )
    def test_goes_on_after_a_failure_and_says_so(
        self, jobs, model_file, error, status, capsys
    ):
        def convert(job):
            if job.keras_model == Path("a.keras"):
                raise error
            return model_file

        assert sweep(jobs, convert) == status
        printed = capsys.readouterr()
        assert f"error: a.keras, ptq_int8: {error}" in printed.err
        assert "not written: a.keras, ptq_int8" in printed.out
        assert f"| {model_file.name} |" in printed.out


class TestPage:
    @pytest.fixture
    def page(self, card):
        """A function: the page of two recipes of one network with these losses."""

        def written(ptq, qat, failed=()):
            rows = []
            for recipe, (auc, lost) in {"ptq_int8": ptq, "qat_int8": qat}.items():
                changed = replace(
                    card.comparison, auc_keras=0.95, auc_file=auc, malignant_lost=lost
                )
                of = replace(card, recipe=recipe, comparison=changed)
                rows.append(Row(f"net.{recipe}.tflite", 98_765, of, 1.2345, 12.0))
            command = "python convert/to_tflite.py net.keras --recipe all"
            return page(rows, dict(failed), 0, command, describe_machine())

        return written

    def test_tells_whether_the_aim_was_reached(self, page):
        text = page(ptq=(0.947, 2), qat=(0.949, 1))
        assert "| net.qat_int8.tflite | 99 | 0.9500 | 0.9490 | 1 |" in text
        row = next(x for x in text.splitlines() if x.startswith("| tiny16 |"))
        assert row.startswith("| tiny16 | +0.0030 | +0.0010 | 2 | 1 | reached | better")

    @pytest.mark.parametrize("qat", [(0.9479, 0), (0.95, 2)])
    def test_tells_when_it_was_missed(self, page, qat):
        text = page(ptq=(0.95, 0), qat=qat)
        row = next(x for x in text.splitlines() if x.startswith("| tiny16 |"))
        assert "| missed |" in row
        assert ("worse" in row) == (qat[0] < 0.95)

    def test_holds_the_command_the_failures_and_the_notice(self, page):
        failed = {"b.keras, int16x8": "no such kernel"}
        text = page(ptq=(0.95, 0), qat=(0.95, 0), failed=failed)
        assert "\npython convert/to_tflite.py net.keras --recipe all\n" in text
        assert "Not written: b.keras, int16x8. no such kernel" in text
        assert "not a medical device" in text

    def test_is_written_after_each_conversion(self, model_file, tmp_path):
        path = tmp_path / "page.md"
        seen = []

        def convert(_):
            seen.append(path.read_text() if path.exists() else "")
            return model_file

        jobs = parse(["a.keras", "b.keras", "--recipe", "ptq_int8", *MANIFEST]).jobs()
        assert sweep(jobs, convert, command="this", summary=path) == 0
        assert seen[0] == ""
        assert "Stopped before the last 1 conversions" in seen[1]
        assert "Stopped" not in path.read_text()
        assert path.read_text().count(f"| {model_file.name} |") == 2


def test_table_is_markdown(card):
    lines = table([Row("a", 1, card, 1.0, 1.0)], ["b"]).splitlines()
    assert len({line.count("|") for line in lines[:3]}) == 1
    assert lines[-1] == "not written: b"
