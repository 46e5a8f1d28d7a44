"""On what a measurement was taken, as far as the system tells.

A figure in milliseconds means nothing without the board, its clock and its
temperature. What the system does not tell is None, never a guess.
"""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from edge_runtime.files.strict_json import OPTIONAL


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# Kernel names of the sensors that sit on the processor: Raspberry Pi and most Arm
# boards, Intel, AMD.
_PROCESSOR_SENSORS = ("cpu-thermal", "soc-thermal", "x86_pkg_temp", "k10temp")
# What kernels for int8 and float are chosen by, as Linux calls it: x86, then Arm.
_INSTRUCTION_SETS = (
    "avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8",
    "asimd", "asimddp", "i8mm", "sve",
)  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """A computer at one moment.

    Attributes:
        board: model of the computer, such as ``"Raspberry Pi 5 Model B Rev 1.0"``.
        cpu: model of the processor.
        architecture: such as ``"aarch64"``.
        cores: that this process may use.
        governor: who sets the clock, such as ``"performance"`` or ``"ondemand"``.
        frequency_mhz: of the first core, now.
        temperature_celsius: of the processor, now.
        throttled: a Raspberry Pi's flags in hexadecimal; ``"0"`` means never.
        throttle_events: how often the processor has slowed itself down against heat
            since the system started; x86 alone counts that.
        memory_mib: installed, in MiB.
        os: name and version of the system.
        python: its version.
        load_average: processes waiting to run, mean of the last minute.
        instruction_sets: of the processor, those that choose the kernels, such as
            ``("avx2", "avx512f", "avx512_vnni")``; two processors of one name may
            differ in them, and their times with them.
    """

    board: str | None
    cpu: str | None
    architecture: str
    cores: int
    governor: str | None
    frequency_mhz: float | None
    temperature_celsius: float | None
    throttled: str | None
    throttle_events: int | None
    memory_mib: int | None
    os: str
    python: str
    load_average: float | None
    instruction_sets: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)


def describe_machine(root: Path = Path("/")) -> Machine:
    """The machine this runs on.

    Args:
        root: folder that holds ``proc`` and ``sys``; another one in tests.
    """
    cpu_info = _table(root / "proc/cpuinfo")
    clock = root / "sys/devices/system/cpu/cpu0/cpufreq"
    frequency_khz = _number(clock / "scaling_cur_freq")
    return Machine(
        board=_board(root),
        cpu=cpu_info.get("model name") or platform.processor() or None,
        architecture=platform.machine(),
        cores=usable_cores(),
        governor=_text(clock / "scaling_governor"),
        frequency_mhz=frequency_khz / 1000
        if frequency_khz is not None
        else _first_number(cpu_info.get("cpu mhz")),
        temperature_celsius=_temperature_celsius(root / "sys/class/thermal"),
        throttled=_throttled(root),
        throttle_events=_throttle_events(root / "sys/devices/system/cpu"),
        memory_mib=_memory_mib(_table(root / "proc/meminfo")),
        os=_system_name(),
        python=platform.python_version(),
        load_average=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        instruction_sets=_instruction_sets(cpu_info),
    )


def _board(root: Path) -> str | None:
    device_tree = _text(root / "proc/device-tree/model")
    return device_tree or _text(root / "sys/class/dmi/id/product_name")


def _instruction_sets(cpu_info: dict[str, str]) -> tuple[str, ...] | None:
    told = cpu_info.get("flags") or cpu_info.get("features")
    if told is None:
        return None
    flags = set(told.split())
    return tuple(name for name in _INSTRUCTION_SETS if name in flags)


def _temperature_celsius(zones: Path) -> float | None:
    readings = {
        _text(zone / "type") or zone.name: _number(zone / "temp")
        for zone in sorted(zones.glob("thermal_zone*"))
    }
    named = [readings[name] for name in _PROCESSOR_SENSORS if name in readings]
    known = [millidegrees for millidegrees in named if millidegrees is not None]
    return known[0] / 1000 if known else None


def _throttled(root: Path) -> str | None:
    """From the kernel, where its firmware driver tells, else from the Pi's own tool."""
    # The bus has an address in its name on a Pi 5.
    for flags in root.glob("sys/devices/platform/soc*/*firmware/get_throttled"):
        return _text(flags)
    vcgencmd = root / "usr/bin/vcgencmd"
    if not vcgencmd.exists():
        return None
    said = subprocess.run(
        [vcgencmd, "get_throttled"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return said.removeprefix("throttled=0x") if said.startswith("throttled=") else None


def _throttle_events(cpus: Path) -> int | None:
    counts = [
        _number(count)
        for name in ("core", "package")
        for count in cpus.glob(f"cpu[0-9]*/thermal_throttle/{name}_throttle_count")
    ]
    known = [int(count) for count in counts if count is not None]
    return sum(known) if known else None


def _memory_mib(table: dict[str, str]) -> int | None:
    kibibytes = _first_number(table.get("memtotal"))
    return None if kibibytes is None else int(kibibytes) // 1024


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _table(path: Path) -> dict[str, str]:
    """Lines ``name : value``, by lower-case name; the first of each name."""
    table: dict[str, str] = {}
    for line in (_text(path) or "").splitlines():
        name, _, value = line.partition(":")
        table.setdefault(name.strip().lower(), value.strip())
    return table


def _text(path: Path) -> str | None:
    try:
        # The device tree ends its strings with a zero byte.
        text = path.read_text(encoding="utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return None
    return text or None


def _number(path: Path) -> float | None:
    return _first_number(_text(path))


def _first_number(text: str | None) -> float | None:
    try:
        return float((text or "").split()[0])
    except (IndexError, ValueError):
        return None


_STATUS = Path("/proc/self/status")


def peak_memory_mib() -> float | None:
    """Largest resident memory of this process until now; None where unknown.

    Linux keeps it as ``VmHWM``. ``ru_maxrss`` would do elsewhere, but on Linux a new
    process inherits it from the one that started it, however large that was.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return None
    try:
        import resource  # Not on Windows.
    except ImportError:
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, the BSDs KiB.
    return largest / (2**20 if sys.platform == "darwin" else 2**10)


# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_NOW = {
    0: "undervoltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}
_SINCE_START = 16
"""Each of the bits above stands once more, so far up, for ever since the start."""


def disturbances(before: Machine, after: Machine) -> tuple[str, ...]:
    """Why the durations measured in between are invalid; empty where they are not.

    What happened before the measurement alone does not count.

    >>> import dataclasses
    >>> from edge_runtime.measuring.machine import describe_machine
    >>> calm = dataclasses.replace(describe_machine(), throttled="50000")
    >>> disturbances(calm, calm)
    ()
    >>> disturbances(calm, dataclasses.replace(calm, throttled="50005"))
    ('undervoltage', 'throttled')
    """
    first, last = _flags(before), _flags(after)
    now = first | last
    gained = (last & ~first) >> _SINCE_START
    names = [name for bit, name in _NOW.items() if (now | gained) >> bit & 1]
    counts = (before.throttle_events, after.throttle_events)
    if counts[0] is not None and counts[1] is not None and counts[1] > counts[0]:
        names.append(f"slowed down by heat {counts[1] - counts[0]} times")
    return tuple(names)


def _flags(machine: Machine) -> int:
    try:
        return int(machine.throttled or "0", 16)
    except ValueError:
        return 0  # Another firmware's words; no evidence of anything.
