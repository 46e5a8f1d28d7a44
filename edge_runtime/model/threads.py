"""How many threads an interpreter gets: as many as pay here, which is mostly one.

A second thread on a 32-pixel model makes its slow tenth many times slower, and a Pi has
other work for its cores. So nothing is assumed from the number of cores: a model that
takes long enough is timed with 1, 2 and 4 threads on the machine it will run on.
"""

import numpy as np

from edge_runtime.measuring.latency import measure_latency
from edge_runtime.measuring.machine import usable_cores
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import TfliteModel, open_model_file

# Below this, waking threads costs more than they save.
SHORT_MS = 4.0
# What a further thread must gain to be worth a core: the slowest tenth in this ratio.
LEAST_GAIN = 1.3
CANDIDATES = (2, 4)
_WARMUP, _RUNS = 1, 8


def open_at_best(file: ModelFile, threads: int | None) -> TfliteModel:
    """Open a checked file with the threads asked for, or with those that pay.

    Raises:
        EdgeRuntimeError: when the model cannot be opened.
    """
    if threads is not None:
        return open_model_file(file, threads=threads)
    best = open_model_file(file, threads=1)
    best_ms = _slow_ms(best)
    if best_ms < SHORT_MS:
        return best
    for candidate in CANDIDATES:
        if candidate > usable_cores():
            break
        model = open_model_file(file, threads=candidate)
        found_ms = _slow_ms(model)
        if found_ms * LEAST_GAIN > best_ms:
            break
        best, best_ms = model, found_ms
    return best


def _slow_ms(model: TfliteModel) -> float:
    """The 90th percentile of a few inferences of an even image."""
    stored = np.zeros(model.input_shape, model.input.dtype)
    return measure_latency(
        lambda: model.infer(stored), warmup=_WARMUP, runs=_RUNS
    ).p90_ms
