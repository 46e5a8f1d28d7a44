"""How long each layer takes: the network up to it, less the network before it.

LiteRT's Python wheel has no profiler of operators, and a device may have no other tool.
So every beginning of the network is opened as a model of its own, all are timed turn by
turn, and a layer's time is the difference between two beginnings of one turn.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.layer_graph import first_layers, layers

Step = Callable[[], object]

# The first run after another model's finds the caches full of that one's weights.
_SETTLING_RUNS = 2
_RESAMPLES = 1000


def openings(model: bytes, pixels: NDArray[Any], threads: int) -> list[Step]:
    """For every layer something that runs the network from its input to that layer.

    Args:
        model: a FlatBuffer.
        pixels: an input as the model stores it; shape ``(1, size, size, 3)``.
        threads: of the kernels.
    """
    return [
        opened(first_layers(model, count + 1), pixels, threads)
        for count in range(len(layers(model)))
    ]


def opened(model: bytes, stored: NDArray[Any] | None, threads: int) -> Step:
    """Something that runs the model once; without an input, on zeros."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    if stored is None:
        stored = np.zeros(given["shape"], given["dtype"])
    interpreter.set_tensor(given["index"], stored)
    invoke: Step = interpreter.invoke
    return invoke


def turns_ms(steps: Sequence[Step], *, rounds: int, runs: int) -> NDArray[np.float64]:
    """The median of each step in each round; shape ``(rounds, steps)``.

    Each round goes through all of them in an order shuffled anew, so that whatever else
    the machine does hits all alike.
    """
    shuffler, places = random.Random(0), list(range(len(steps)))
    medians = np.empty((rounds, len(steps)))
    for turn in range(rounds):
        shuffler.shuffle(places)
        for place in places:
            medians[turn, place] = np.median(_durations_ms(steps[place], runs))
    return medians


def _durations_ms(step: Step, runs: int) -> list[float]:
    for _ in range(_SETTLING_RUNS):
        step()
    found = []
    for _ in range(runs):
        start_ns = time.perf_counter_ns()
        step()
        found.append((time.perf_counter_ns() - start_ns) / 1e6)
    return found


def differences_ms(
    medians: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Time of each layer: median over the rounds, and a 95 % interval by bootstrap.

    Args:
        medians: shape ``(rounds, layers)``, as ``turns_ms`` gives them.

    Returns:
        Three arrays of shape ``(layers,)``. A layer that is lost in the noise may have
        a negative time; the interval then holds 0.
    """
    taken = np.diff(medians, axis=1, prepend=0.0)
    chance = np.random.default_rng(0)
    drawn = chance.integers(len(taken), size=(_RESAMPLES, len(taken)))
    resampled = np.median(taken[drawn], axis=1)
    low, high = np.percentile(resampled, (2.5, 97.5), axis=0)
    return np.median(taken, axis=0), low, high
