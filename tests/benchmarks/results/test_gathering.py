import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.results.gathering import gathered


def test_a_report_is_no_result(result, tmp_path):
    result.write(tmp_path / "pi" / "a.json")
    (tmp_path / "quickstart").mkdir()
    (tmp_path / "quickstart" / "report.json").write_text("{}", encoding="utf-8")
    assert gathered([tmp_path]) == {"pi": [result]}


def test_repeats_lie_deeper_and_are_only_looked_for_on_request(result, tmp_path):
    for turn in "123":
        result.write(tmp_path / turn / "pi" / "a.json")
    assert gathered([tmp_path], repeats=True) == {"pi": [result] * 3}
    with pytest.raises(BenchmarkError, match="there are no results"):
        gathered([tmp_path])


def test_a_single_file_tells_its_machine_itself(result, tmp_path):
    result.write(tmp_path / "sent by a device.json")
    found = gathered([tmp_path / "sent by a device.json"])
    assert found == {"raspberry-pi-5-model-b-rev-1.0-4-cores": [result]}


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(BenchmarkError, match="nowhere"):
        gathered([tmp_path / "nowhere"])
