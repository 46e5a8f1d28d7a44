"""What a system tells about itself, from made files."""

import dataclasses
import json

import pytest

from edge_runtime.measuring.machine import describe_machine, disturbances


@pytest.fixture
def written(tmp_path):
    """Function: writes system files below a folder of their own, and returns it."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path

    return write


RASPBERRY_PI = {
    # The device tree's strings end with a zero byte.
    "proc/device-tree/model": b"Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/meminfo": b"MemTotal:        3884360 kB\nMemFree:  12 kB\n",
    "proc/cpuinfo": b"processor\t: 0\nmodel name\t: Cortex-A72\nRevision\t: c03114\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": b"ondemand\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": b"1800000\n",
    "sys/class/thermal/thermal_zone0/type": b"cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": b"48200\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": b"50005\n",
}
PERSONAL_COMPUTER = {
    "sys/class/dmi/id/product_name": b"OptiPlex 7090\n",
    "proc/cpuinfo": b"model name : Some CPU @ 2.30GHz\ncpu MHz\t: 2300.5\n"
    b"model name : another core\n",
    "sys/class/thermal/thermal_zone0/type": b"acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": b"27800\n",
    "sys/class/thermal/thermal_zone1/type": b"x86_pkg_temp\n",
    "sys/class/thermal/thermal_zone1/temp": b"61000\n",
}


def test_a_raspberry_pi_is_described(written):
    machine = describe_machine(written(RASPBERRY_PI))
    assert machine.board == "Raspberry Pi 4 Model B Rev 1.4"
    assert machine.cpu == "Cortex-A72"
    assert machine.governor == "ondemand"
    assert machine.frequency_mhz == 1800
    assert machine.temperature_celsius == 48.2
    assert machine.memory_mib == 3884360 // 1024
    assert machine.throttled == "50005"


def test_a_computer_without_a_device_tree_is_described(written):
    machine = describe_machine(written(PERSONAL_COMPUTER))
    assert machine.board == "OptiPlex 7090"
    assert machine.cpu == "Some CPU @ 2.30GHz"
    assert machine.frequency_mhz == 2300.5
    assert machine.throttled is None
    assert machine.throttle_events is None


def test_a_pi_whose_bus_has_an_address_tells_its_flags_too(written):
    files = dict(RASPBERRY_PI)
    del files["sys/devices/platform/soc/soc:firmware/get_throttled"]
    bus = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware"
    machine = describe_machine(written({**files, f"{bus}/get_throttled": b"0\n"}))
    assert machine.throttled == "0"


def test_without_the_kernels_flags_the_pis_tool_is_asked(written):
    root = written({"usr/bin/vcgencmd": b"#!/bin/sh\necho throttled=0x50000\n"})
    (root / "usr/bin/vcgencmd").chmod(0o755)
    assert describe_machine(root).throttled == "50000"


def test_heat_counts_of_all_cores_add_up(written):
    folder = "sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count"
    root = written({folder.format(core): b"%d\n" % core for core in (1, 2, 3)})
    assert describe_machine(root).throttle_events == 6


def test_the_sensor_on_the_processor_counts(written):
    machine = describe_machine(written(PERSONAL_COMPUTER))
    assert machine.temperature_celsius == 61.0


@pytest.mark.parametrize(
    ("line", "sets"),
    [
        (
            b"flags : fpu avx avx2 avx512f avx512_vnni",
            ("avx2", "avx512f", "avx512_vnni"),
        ),
        (b"Features : fp asimd asimddp crc32", ("asimd", "asimddp")),
        (b"flags : fpu sse2", ()),
        (b"model name : says no flags", None),
    ],
)
def test_instruction_sets_are_those_that_choose_kernels(written, line, sets):
    root = written({"proc/cpuinfo": line + b"\n"})
    assert describe_machine(root).instruction_sets == sets


@pytest.mark.parametrize("reading", [b"", b"N/A\n", b"\xff\n"])
def test_a_broken_sensor_is_unknown(written, reading):
    files = {**RASPBERRY_PI, "sys/class/thermal/thermal_zone0/temp": reading}
    assert describe_machine(written(files)).temperature_celsius is None


def test_a_silent_system_gives_unknowns_not_guesses(tmp_path):
    machine = describe_machine(tmp_path)
    assert machine.board is machine.governor is machine.frequency_mhz is None
    assert machine.temperature_celsius is machine.memory_mib is None


def test_this_machine_can_be_written_down():
    machine = describe_machine()
    assert machine.cores >= 1
    assert machine.python.startswith("3.")
    assert json.loads(json.dumps(dataclasses.asdict(machine)))["os"] == machine.os


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("0", "0", ()),
        (None, None, ()),
        ("50000", "50000", ()),  # Long ago; not while this was measured.
        ("0", "50000", ("undervoltage", "throttled")),  # In between, and over again.
        ("8", "0", ("soft temperature limit",)),
        ("20000", "20002", ("frequency capped",)),
        ("unreadable", "0", ()),
    ],
)
def test_only_what_happened_meanwhile_counts(before, after, found):
    machine = dataclasses.replace(describe_machine(), throttle_events=None)
    states = [
        dataclasses.replace(machine, throttled=flags) for flags in (before, after)
    ]
    assert disturbances(*states) == found


def test_an_x86_processor_that_slowed_down_is_told():
    machine = dataclasses.replace(describe_machine(), throttled=None)
    before, after = (
        dataclasses.replace(machine, throttle_events=count) for count in (7, 9)
    )
    assert disturbances(before, after) == ("slowed down by heat 2 times",)
    assert disturbances(before, before) == ()
