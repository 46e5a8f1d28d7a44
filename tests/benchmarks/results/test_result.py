import json

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.results.result import BenchmarkResult, Quality
from edge_runtime.model.evidence import Share


def test_a_result_reads_back_as_it_was_written(result, tmp_path):
    result.write(tmp_path / "a.json")
    assert BenchmarkResult.read(tmp_path / "a.json") == result


def test_a_result_from_before_instruction_sets_were_noted_is_read(result, tmp_path):
    path = tmp_path / "a.json"
    result.write(path)
    values = json.loads(path.read_text(encoding="utf-8"))
    for moment in ("machine_before", "machine_after"):
        values["measurement"][moment].pop("instruction_sets", None)
    path.write_text(json.dumps(values), encoding="utf-8")
    assert BenchmarkResult.read(path) == result


def test_a_result_from_before_sources_were_told_apart_is_read(result, tmp_path):
    path = tmp_path / "a.json"
    result.write(path)
    values = json.loads(path.read_text(encoding="utf-8"))
    assert "over_sources" not in values
    assert "source" not in values["quality"][0]
    path.write_text(json.dumps(values | {"format": 2}), encoding="utf-8")
    assert BenchmarkResult.read(path).quality == result.quality


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda values: values.pop("quality"), "quality"),
        (lambda values: values.update(extra=1), "extra"),
        (lambda values: values.update(format=99), "format 2 or 3, got 99"),
        (lambda values: values["settings"].update(place="3"), "settings.place"),
        (lambda values: values["measurement"]["timing"].pop("load_ms"), "load_ms"),
        (lambda values: values["quality"][0].update(specificity=None), "never given"),
    ],
)
def test_a_result_with_other_fields_is_refused_by_name(
    result, tmp_path, change, complaint
):
    path = tmp_path / "a.json"
    result.write(path)
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(BenchmarkError, match=complaint):
        BenchmarkResult.read(path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": NaN}', "null"])
def test_a_file_that_is_no_result_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"a\.json is no benchmark result"):
        BenchmarkResult.read(path)


def test_recall_is_never_given_without_specificity():
    recall = Share(1.0, 0.5, 1.0, 3, 3)
    with pytest.raises(ValueError, match="never given without"):
        Quality("test", 3, 3, 0, None, None, None, recall, None, None)
