"""Figures as text, the same in every view; what was not measured says so."""

from typing import Protocol

from edge_runtime.evaluation.intervals import Interval
from edge_runtime.measuring.machine import Machine

NOT_MEASURED = "not measured"
NO_FILE = "no model file"
"""Where a row is the colour-only baseline."""


def milliseconds(value: float | None) -> str:
    """Three significant digits, but no fraction from 100 ms on."""
    if value is None:
        return NOT_MEASURED
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def number(value: int | float | None, form: str) -> str:
    """``value`` in the format ``form``."""
    return NOT_MEASURED if value is None else format(value, form)


class HasInterval(Protocol):
    """A share or an estimate."""

    @property
    def value(self) -> float:
        """Between 0 and 1."""

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval."""

    @property
    def high(self) -> float:
        """Upper end of it."""


def share_in_words(share: HasInterval | None) -> str:
    """A proportion with its interval."""
    if share is None:
        return NOT_MEASURED
    return estimate(share.value, Interval(share.low, share.high))


def estimate(value: float | None, interval: Interval | None) -> str:
    """A figure between 0 and 1, with its interval if there is one."""
    if value is None:
        return NOT_MEASURED
    if interval is None:
        return f"{value:.3f}"
    return f"{value:.3f} ({interval_in_words(interval)})"


def interval_in_words(interval: Interval | None) -> str:
    """Both ends of an interval between 0 and 1."""
    if interval is None:
        return NOT_MEASURED
    return f"{interval.low:.3f}\N{EN DASH}{interval.high:.3f}"


def file_name(model: str, threads: int) -> str:
    """Without suffix; one thread is the rule and goes unsaid.

    >>> file_name("cnn32.qat_int8", 1), file_name("cnn32.qat_int8", 2)
    ('cnn32.qat_int8', 'cnn32.qat_int8.2_threads')
    """
    return model if threads == 1 else f"{model}.{threads}_threads"


def machine_line(machine: Machine) -> str:
    """The computer and how busy it was, for the head of a page."""
    sets = "".join(f", {name}" for name in machine.instruction_sets or ())
    return (
        f"{machine.cpu or machine.board or machine.architecture}, {machine.cores}"
        f" cores{sets}, {machine.os}, Python {machine.python}; load average before:"
        f" {number(machine.load_average, '.1f')}"
    )
