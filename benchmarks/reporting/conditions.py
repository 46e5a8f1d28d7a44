"""On what and with what something was measured, in words."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.measure.measurement import Interpreter, Measurement
from benchmarks.results.result import BenchmarkResult
from benchmarks.text.formatting import NOT_MEASURED
from edge_runtime.measuring.latency import Protocol
from edge_runtime.measuring.machine import Machine, disturbances
from edge_runtime.measuring.revision import Revision

BUSY_SHARE = 0.75
"""Of the cores; a benchmark on one thread alone makes a load average of 1."""

Fact = tuple[str, Any]
"""What was noted beside a measurement: its name, and its value or None."""


def busy(machines: Iterable[Machine]) -> tuple[str, ...]:
    """A caution, if other programs kept the processor busy; else nothing.

    Args:
        machines: the same machine before each measurement.
    """
    loads = [
        (machine.load_average, machine.cores)
        for machine in machines
        if machine.load_average is not None
        and machine.load_average > BUSY_SHARE * machine.cores
    ]
    if not loads:
        return ()
    load, cores = max(loads)
    return (
        f"The machine was busy before {len(loads)} of the measurements (load average"
        f" up to {load:.1f} on {cores} cores): times are longer than they need be.",
    )


def result_facts(result: BenchmarkResult) -> Iterable[Fact]:
    """Machine and settings of one result."""
    settings, measurement = result.settings, result.measurement
    yield from machine_facts(measurement.machine_before)
    yield from machine_facts(measurement.machine_after)
    if measurement.interpreter:
        yield from interpreter_facts(measurement.interpreter)
    yield "threads", settings.threads
    yield from protocol_facts(settings.protocol)
    yield (
        "cores it stayed on",
        "any" if settings.cpus is None else _listed(settings.cpus),
    )
    timing, memory = measurement.timing, measurement.memory
    yield (
        "timed",
        f"{timing.interpreter_runs:,} inferences, {timing.photo_runs:,} photos",
    )
    if settings.protocol.run_frequency is not None:
        yield "photos that started late", timing.late_photos
    if memory.before_load_mib is not None:
        yield "memory before loading", f"{memory.before_load_mib:.0f} MiB"
    yield "order", f"shuffled, seed {settings.order_seed}"
    yield "energy", energy_in_words(measurement)
    yield "photos", f"{settings.split} split of {settings.manifest}"
    yield "manifest sha256", settings.manifest_sha256
    yield "measured", result.measured_at[:10]
    yield "commit", commit_in_words(result.revision)


def protocol_facts(protocol: Protocol) -> Iterable[Fact]:
    """How often was timed, in the words of ``benchmark_model``."""
    for name, value in dataclasses.asdict(protocol).items():
        if name != "run_frequency" or value is not None:
            yield name, f"{value:g}"


def energy_in_words(measurement: Measurement) -> str:
    """The sensor, or that there was none."""
    energy = measurement.energy
    return NOT_MEASURED + " (no sensor)" if energy is None else f"by {energy.sensor}"


def invalid_reasons(measurement: Measurement) -> tuple[str, ...]:
    """Why its durations must not be believed; empty where nothing speaks against."""
    return disturbances(measurement.machine_before, measurement.machine_after)


def machine_facts(machine: Machine) -> Iterable[Fact]:
    """What the system told about itself."""
    for name, value in dataclasses.asdict(machine).items():
        yield name.replace("_", " "), _listed(value) if type(value) is tuple else value


def interpreter_facts(interpreter: Interpreter) -> Iterable[Fact]:
    """Which software ran the models."""
    yield "interpreter", f"{interpreter.name} {interpreter.version}"
    yield "kernels", interpreter.kernel_family


def commit_in_words(revision: Revision) -> str:
    """The commit that measured, and whether files differed from it."""
    if revision.commit is None:
        return "not known (no git checkout)"
    changed = {True: ", with changed files", False: "", None: ", changes not known"}
    return revision.commit[:12] + changed[revision.dirty]


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values)) or "none"


def together(facts: Iterable[Fact]) -> dict[str, str]:
    """One text for each name: the value, the range of numbers, or a list."""
    values: dict[str, list[Any]] = {}
    for name, value in facts:
        values.setdefault(name, []).append(value)
    return {name: _in_words(found) for name, found in values.items()}


def _in_words(values: Sequence[Any]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "not known"
    if all(type(value) is float for value in known):
        low, high = f"{min(known):.4g}", f"{max(known):.4g}"
        return low if low == high else f"{low} to {high}"
    return "; ".join(dict.fromkeys(str(value) for value in known))
