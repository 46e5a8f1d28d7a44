from pathlib import Path

import pytest

from convert.errors import ConversionError, GateError
from convert.recipes import RECIPES
from convert.sweep import sweep, table
from convert.to_tflite import parse

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
            (model, recipe) for model in models for recipe in RECIPES
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
        assert float(cells[-2]) > 0
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


def test_table_is_markdown():
    lines = table([["a"] * 12], ["b"]).splitlines()
    assert len({line.count("|") for line in lines[:3]}) == 1
    assert lines[-1] == "not written: b"
