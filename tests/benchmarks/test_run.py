import shutil

import pytest

from benchmarks import run
from benchmarks.results.result import BenchmarkResult

pytest.importorskip("plotly", reason="the page holds Plotly's script")


@pytest.fixture
def arguments(drawn_manifest, tmp_path):
    """A small run on drawn photos, for a folder ``models`` that the test fills."""
    (tmp_path / "models").mkdir()
    return [
        *("--models", str(tmp_path / "models")),
        *("--manifest", str(drawn_manifest)),
        *("--out", str(tmp_path / "out")),
        *("--runs", "5", "--warmup", "1", "--min-secs", "0"),
        *("--warmup-min-secs", "0", "--order-seed", "1"),
    ]


@pytest.fixture
def with_model(arguments, model_path, tmp_path):
    """The same, with one model in the folder."""
    shutil.copy(model_path, tmp_path / "models" / "good.float32.tflite")
    return arguments


def results(out):
    return {path.stem: BenchmarkResult.read(path) for path in out.glob("*/*.json")}


def test_a_model_and_the_baseline_are_measured(with_model, tmp_path, capsys):
    assert run.main(with_model) == 0
    measured = results(tmp_path / "out")
    assert set(measured) == {"good.float32", "colour_baseline"}
    model = measured["good.float32"].measurement
    assert len(model.timing.interpreter_ms) == 5
    assert len(model.timing.photo_to_verdict_ms) == 5
    assert set(model.timing.stages_ms) >= {"decode", "invoke"}
    assert model.memory.before_load_mib < model.memory.peak_mib
    assert len(model.scores) == 6
    sets = [q.photos for q in measured["good.float32"].quality]
    # The drawn squares are no lesions to the runtime, so none is usable.
    assert sets[:2] == ["test", "test_clean"]
    # Colour tells the drawn classes apart, so the baseline ranks them perfectly.
    assert measured["colour_baseline"].quality[0].auc == 1.0
    shown = capsys.readouterr().out
    assert "good.float32" in shown
    assert "not a medical device" in shown


def test_bad_models_and_photos_are_named_and_the_rest_goes_on(
    with_model, model_path, tmp_path, capsys
):
    content = bytearray(model_path.read_bytes())
    content[len(content) // 3] ^= 1
    (tmp_path / "models" / "broken.float32.tflite").write_bytes(content)
    (tmp_path / "test3.png").write_bytes(b"no picture")
    assert run.main([*with_model, "--only", "good.float32", "broken.float32"]) == 3
    measured = results(tmp_path / "out")
    assert set(measured) == {"good.float32"}
    assert len(measured["good.float32"].measurement.scores) == 5
    named = capsys.readouterr().err
    assert "broken.float32: " in named
    assert "SHA-256" in named
    assert "test3.png" in named
    assert "Traceback" not in named


def test_every_number_of_threads_is_a_case_and_a_run_goes_on(
    with_model, tmp_path, capsys
):
    words = [*with_model, "--only", "good.float32", "--threads", "1", "2"]
    assert run.main(words) == 0
    first = results(tmp_path / "out")
    assert set(first) == {"good.float32", "good.float32.2_threads"}
    assert {result.settings.place for result in first.values()} == {0, 1}
    (tmp_path / "out").joinpath(
        next((tmp_path / "out").glob("*/good.float32.json")).relative_to(
            tmp_path / "out"
        )
    ).unlink()
    capsys.readouterr()
    assert run.main([*words, "--resume"]) == 0
    assert "1 of 1: good.float32:" in capsys.readouterr().err
    again = results(tmp_path / "out")
    kept = "good.float32.2_threads"
    assert again[kept] == first[kept]
    assert again["good.float32"].measured_at >= first["good.float32"].measured_at
    # Measured otherwise is not measured.
    assert run.main([*words, "--resume", "--runs", "6"]) == 0
    assert "1 of 2: " in capsys.readouterr().err


def test_conditions_are_recorded_and_kept(with_model, tmp_path):
    words = [*with_model, "--only", "good.float32", "--rate", "100", "--cpus", "0"]
    assert run.main([*words, "--sustained", "1"]) == 0
    (found,) = results(tmp_path / "out").values()
    assert found.settings.protocol.run_frequency == 100
    assert found.settings.cpus == (0,)
    assert found.measurement.machine_before.cores == 1
    assert 1 <= len(found.measurement.sustained) <= 120
    assert sum(window.runs for window in found.measurement.sustained) >= 1
    # Five runs a hundredth of a second apart.
    assert found.measurement.timing.photo_runs == 5


def test_nothing_measured_is_an_error(arguments, tmp_path, capsys):
    (tmp_path / "models" / "a.tflite").write_bytes(b"no model")
    assert run.main([*arguments, "--only", "a"]) == 1
    errors = capsys.readouterr().err
    assert "a.tflite is not a TFLite model" in errors
    assert "nothing was measured" in errors
    assert not (tmp_path / "out").exists()


def test_a_folder_without_models_is_an_error(arguments, capsys):
    assert run.main(arguments) == 1
    assert "no .tflite file in" in capsys.readouterr().err


def test_a_missing_manifest_is_an_error(arguments, tmp_path, capsys):
    (tmp_path / "models" / "a.tflite").touch()
    (tmp_path / "drawn.csv").unlink()
    assert run.main(arguments) == 1
    assert "drawn.csv cannot be read" in capsys.readouterr().err


def test_only_refuses_unknown_names(arguments, tmp_path, capsys):
    (tmp_path / "models" / "a.tflite").touch()
    assert run.main([*arguments, "--only", "b"]) == 1
    assert "--only names b" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--runs", "0"], ["--threads", "x"], ["--warmup", "-1"]]
)
def test_counts_out_of_range_are_wrong_usage(arguments, words):
    with pytest.raises(SystemExit) as stop:
        run.main([*arguments, *words])
    assert stop.value.code == 2


def test_quality_by_a_column_of_the_manifest(with_model, drawn_manifest, tmp_path):
    lines = drawn_manifest.read_text(encoding="utf-8").splitlines()
    tones = [f"{line},{place % 2}" for place, line in enumerate(lines[1:])]
    text = "\n".join([f"{lines[0]},tone", *tones])
    drawn_manifest.write_text(text, encoding="utf-8")
    words = [*with_model, "--by", "tone", "--only", "good.float32"]
    assert run.main(words) == 0
    found = results(tmp_path / "out")["good.float32"].quality
    assert [q.photos for q in found][-2:] == ["test, tone 0", "test, tone 1"]
    assert sum(q.malignant + q.other for q in found[-2:]) == 6


def test_an_unknown_column_to_group_by_is_named(with_model, tmp_path, capsys):
    assert run.main([*with_model, "--by", "skin_tone"]) == 1
    assert "no column 'skin_tone'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_manifest_with_sources_is_judged_source_by_source(
    with_model, drawn_manifest, tmp_path, capsys
):
    head, *rows = drawn_manifest.read_text(encoding="utf-8").splitlines()
    sources = [
        f"{row},{'here' if n % 4 < 2 else 'there'}" for n, row in enumerate(rows)
    ]
    drawn_manifest.write_text("\n".join([f"{head},source", *sources]), encoding="utf-8")
    assert run.main(with_model) == 0
    measured = results(tmp_path / "out")
    for name in ("good.float32", "colour_baseline"):
        found = measured[name]
        assert [q.source for q in found.quality] == ["here", "there"]
        # Three photos each: their specificity is all that they tell.
        assert all(q.recall is None and q.auc is None for q in found.quality)
        assert {photo.source for photo in found.measurement.scores} == {"here", "there"}
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert report.index("Source by source") < report.index("In one line each")
