import dataclasses

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.results.gathering import gathered, machine_slug


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


def test_boards_are_named_by_themselves(machine):
    assert machine_slug(machine) == "raspberry-pi-5-model-b-rev-1.0-4-cores"


def test_other_computers_are_named_by_their_processor(machine):
    workstation = dataclasses.replace(
        machine,
        architecture="x86_64",
        board="Standard PC",
        cpu="Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        cores=2,
    )
    slug = machine_slug(workstation)
    assert slug == "intel-xeon-platinum-8481c-cpu-2.70ghz-2-cores"


def test_processors_of_one_name_are_told_apart_by_what_they_can(machine):
    older = dataclasses.replace(machine, instruction_sets=("avx2",))
    newer = dataclasses.replace(machine, instruction_sets=("avx2", "avx512_vnni"))
    assert machine_slug(older).endswith("4-cores-avx2")
    assert machine_slug(newer).endswith("4-cores-avx2-avx512vnni")


def test_unknown_computers_are_named_by_their_architecture(machine):
    unknown = dataclasses.replace(machine, board=None, cpu=None, cores=1)
    assert machine_slug(unknown) == "aarch64-1-cores"
