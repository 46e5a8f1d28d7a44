import time

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure.energy import joules_in, metered, pmic_watts, read_power

# What a Raspberry Pi 5 says, shortened; three rails with current and voltage, and one
# input voltage that has no current.
PMIC = """\
 3V7_WL_SW_A current(0)=0.10000000A
   VDD_CORE_A current(7)=2.00000000A
   1V8_SYS_A current(2)=0.50000000A
 3V7_WL_SW_V volt(8)=3.70000000V
   VDD_CORE_V volt(15)=0.80000000V
   1V8_SYS_V volt(10)=1.80000000V
     EXT5V_V volt(24)=5.15000000V
"""


def test_the_power_chips_rails_add_up():
    assert pmic_watts(PMIC) == pytest.approx(0.37 + 1.6 + 0.9)


def test_a_constant_power_is_watts_times_seconds():
    readings = [(float(second), 3.0) for second in range(11)]
    assert joules_in(readings, 2.5, 7.5) == pytest.approx(15.0)


def test_readings_that_miss_most_of_the_time_are_no_measurement():
    with pytest.raises(BenchmarkError, match=r"span 2\.0 s of 10\.0 s"):
        joules_in([(0.0, 3.0), (2.0, 3.0)], 0.0, 10.0)
    with pytest.raises(BenchmarkError, match="start the meter"):
        joules_in([], 0.0, 10.0)


def test_a_meters_file_gives_the_energy_of_the_action(tmp_path):
    path = tmp_path / "ina219.csv"
    start = time.time() - 5
    rows = "".join(f"{start + second},2.5\n" for second in range(60))
    path.write_text("unix_s,watts\n" + rows, encoding="utf-8")
    answer, energy = metered(lambda: time.sleep(0.2) or "done", path)
    assert answer == "done"
    assert energy.joules == pytest.approx(2.5 * energy.seconds)
    assert energy.seconds >= 0.2
    assert "ina219.csv" in energy.sensor


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "unix_s,watts\n1,much\n"])
def test_a_file_that_holds_no_power_is_refused(tmp_path, content):
    path = tmp_path / "power.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BenchmarkError):
        joules_in(read_power(path), 0.0, 1.0)


def test_the_processors_counters_are_read_and_may_start_again(tmp_path):
    for zone, begin, top in (("0", 900_000, 1_000_000), ("1", 5, 1_000_000)):
        folder = tmp_path / f"sys/class/powercap/intel-rapl:{zone}"
        folder.mkdir(parents=True)
        (folder / "energy_uj").write_text(str(begin))
        (folder / "max_energy_range_uj").write_text(str(top))
    counters = tmp_path / "sys/class/powercap"

    def work():
        (counters / "intel-rapl:0/energy_uj").write_text("100000")
        (counters / "intel-rapl:1/energy_uj").write_text("300005")

    energy = metered(work, None, root=tmp_path)[1]
    # 100,000 up to its end and 100,000 more, and 300,000 of the other.
    assert energy.joules == pytest.approx(0.5)


def test_a_raspberry_pi_5_is_asked_meanwhile(tmp_path):
    tool = tmp_path / "usr/bin/vcgencmd"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{PMIC}END\n")
    tool.chmod(0o755)
    energy = metered(lambda: time.sleep(1.5), None, root=tmp_path)[1]
    assert energy.joules / energy.seconds == pytest.approx(2.87)


def test_without_a_sensor_there_is_no_figure(tmp_path):
    assert metered(lambda: 7, None, root=tmp_path) == (7, None)
