"""How often something is timed, in runs and in seconds.

The names, and what they mean together, are those of TFLite's ``benchmark_model``, so
that figures of both can be put side by side.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    """Warm-up and timed runs; both bounds of a pair hold.

    Attributes:
        warmup_runs: untimed runs before, at least so many.
        warmup_min_secs: and for at least so long.
        num_runs: timed runs, at least so many.
        min_secs: and for at least so long.
        max_secs: after so long no further run starts, whatever is missing.
        run_frequency: runs that start in a second, as a camera would ask for them; None
            starts each as soon as the last has ended.
    """

    warmup_runs: int
    warmup_min_secs: float
    num_runs: int
    min_secs: float
    max_secs: float
    run_frequency: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.num_runs < 1 or self.warmup_runs < 0:
            raise ValueError(
                "expected at least 1 run and 0 warm-up runs, got"
                f" {self.num_runs} and {self.warmup_runs}"
            )
        seconds = (self.warmup_min_secs, self.min_secs, self.max_secs)
        if not all(0 <= value < math.inf for value in seconds) or not self.max_secs:
            raise ValueError(
                f"expected seconds from 0, a maximum above it, got {seconds}"
            )
        if self.run_frequency is not None and not 0 < self.run_frequency < math.inf:
            raise ValueError(
                f"run_frequency must be above 0 a second; got {self.run_frequency}"
            )


LONGEST_SECS = 150.0
"""As in ``benchmark_model``."""

PRESETS = {
    "quick": Protocol(10, 0.2, 50, 0.5, 30.0),
    "standard": Protocol(20, 0.5, 200, 1.0, LONGEST_SECS),
    # Single stream of MLPerf Inference: at least 1,024 samples and 60 s; its figure is
    # the 90th percentile (Reddi et al. 2020, doi:10.1109/ISCA45697.2020.00045).
    "mlperf": Protocol(20, 0.5, 1024, 60.0, 600.0),
}


def counted(*, warmup: int, runs: int) -> Protocol:
    """Runs by number alone, for whoever wants just so many.

    >>> counted(warmup=1, runs=5).num_runs
    5
    """
    return Protocol(warmup, 0.0, runs, 0.0, 1e6)
