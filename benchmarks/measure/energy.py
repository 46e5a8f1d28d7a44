"""Energy of what was measured, where a sensor is at hand; else nothing.

Three sensors are known: the counters of an x86 processor (RAPL), the power chip of a
Raspberry Pi 5, and a CSV file that a meter such as an INA219 writes meanwhile. All
measure the whole processor or board, idle current included.
"""

import csv
import itertools
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.errors import BenchmarkError

Answer = TypeVar("Answer")
Reading = tuple[float, float]
"""Seconds since 1970, and watts."""

PMIC_PERIOD_S = 0.5
COVERED = 0.9
"""Share of the time that readings of a file must span; less is no measurement."""


@dataclass(frozen=True)
class Energy:
    """What an action took.

    Attributes:
        sensor: where the figure comes from, in words.
        joules: whole processor or board, idle current included.
        seconds: how long the action took.
    """

    sensor: str
    joules: float
    seconds: float


def metered(
    action: Callable[[], Answer], power_csv: Path | None, root: Path = Path("/")
) -> tuple[Answer, Energy | None]:
    """What ``action`` returns, and the energy meanwhile; None without a sensor.

    Args:
        action: what to measure.
        power_csv: a file with columns ``unix_s`` and ``watts`` that a meter writes.
        root: folder that holds ``sys`` and ``usr``; another one in tests.

    Raises:
        BenchmarkError: when the file does not hold the time of the action.
    """
    zones = _rapl_zones(root)
    vcgencmd = root / "usr/bin/vcgencmd"
    start, before = time.time(), _microjoules(zones)
    if power_csv is None and not before and vcgencmd.exists():
        answer, readings = _sampled(action, vcgencmd)
    else:
        answer, readings = action(), []
    end, after = time.time(), _microjoules(zones)
    if power_csv is not None:
        joules = joules_in(read_power(power_csv), start, end)
        return answer, Energy(f"power meter ({power_csv.name})", joules, end - start)
    if before:
        joules = sum(map(_rise, zones, before, after)) / 1e6
        return answer, Energy("processor's counters (RAPL)", joules, end - start)
    if len(readings) > 1:
        joules = joules_in(readings, readings[0][0], readings[-1][0])
        span = readings[-1][0] - readings[0][0]
        return answer, Energy("Raspberry Pi 5's power chip", joules, span)
    return answer, None


def joules_in(readings: Sequence[Reading], start: float, end: float) -> float:
    """Area under the readings from ``start`` to ``end``, straight lines between them.

    Raises:
        BenchmarkError: when they span too little of that time.

    >>> joules_in([(0.0, 2.0), (10.0, 4.0)], 0.0, 5.0)
    12.5
    """
    inside = [(moment, watts) for moment, watts in readings if start <= moment <= end]
    edges = [(moment, _at(readings, moment)) for moment in (start, end)]
    known = [(moment, watts) for moment, watts in edges if watts is not None]
    line = sorted({*inside, *known})
    span = line[-1][0] - line[0][0] if line else 0.0
    if not span or span < COVERED * (end - start):
        raise BenchmarkError(
            f"the power readings span {span:.1f} s of {end - start:.1f} s; start the"
            " meter before the benchmark and stop it after, on the same clock"
        )
    joules = sum(
        (later - earlier) * (first + second) / 2
        for (earlier, first), (later, second) in itertools.pairwise(line)
    )
    # What the edges lack is taken to be like the rest.
    return joules * (end - start) / span


def read_power(path: Path) -> list[Reading]:
    """Readings of a CSV file with columns ``unix_s`` and ``watts``.

    Raises:
        BenchmarkError: when it is no such file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return sorted((float(row["unix_s"]), float(row["watts"])) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(
            f"{path} is no table of power: expected columns unix_s and watts with"
            f" numbers, got {error!r:.80}"
        ) from error


def pmic_watts(said: str) -> float:
    """Sum over all rails of what ``vcgencmd pmic_read_adc`` said.

    >>> pmic_watts("VDD_CORE_A current(7)=2.0A VDD_CORE_V volt(15)=0.8V")
    1.6
    """
    found = {
        kind: dict(re.findall(rf"(\w+)_{kind}\s+\w+\(\d+\)=([\d.]+){kind}", said))
        for kind in "AV"
    }
    return sum(
        float(amperes) * float(found["V"][rail])
        for rail, amperes in found["A"].items()
        if rail in found["V"]
    )


def _sampled(
    action: Callable[[], Answer], vcgencmd: Path
) -> tuple[Answer, list[Reading]]:
    """What ``action`` returns, and readings of a Pi 5's power chip meanwhile."""
    readings: list[Reading] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            said = subprocess.run(
                [vcgencmd, "pmic_read_adc"], capture_output=True, text=True, check=False
            ).stdout
            if watts := pmic_watts(said):
                readings.append((time.time(), watts))
            ended.wait(PMIC_PERIOD_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return action(), readings
    finally:
        ended.set()
        watcher.join()


def _at(readings: Sequence[Reading], moment: float) -> float | None:
    """Watts at a moment between two readings."""
    for (earlier, first), (later, second) in itertools.pairwise(readings):
        if earlier <= moment <= later and earlier < later:
            return first + (second - first) * (moment - earlier) / (later - earlier)
    return None


def _rapl_zones(root: Path) -> list[Path]:
    """Whole packages only; a zone such as ``intel-rapl:0:0`` is part of one."""
    return sorted(root.glob("sys/class/powercap/intel-rapl:?"))


def _microjoules(zones: Iterable[Path]) -> list[int]:
    """Counters of all zones; none if one cannot be read, as without being root."""
    try:
        return [int((zone / "energy_uj").read_text()) for zone in zones]
    except (OSError, ValueError):
        return []


def _rise(zone: Path, before: int, after: int) -> int:
    """How far a counter went, which starts again at its end."""
    if after >= before:
        return after - before
    return after - before + int((zone / "max_energy_range_uj").read_text())
