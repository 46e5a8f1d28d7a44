import dataclasses

from benchmarks.results.machine_slug import machine_slug


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
