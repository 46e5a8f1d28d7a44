"""Durations of a model file and of a classifier on real photos.

The interpreter alone gets tensors that are ready; photo-to-verdict starts with a path
and includes reading and decoding the file.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from edge_runtime.measuring.latency import KEPT_SAMPLES, Latency, Protocol, measure
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.verdict import Verdict

Answer = TypeVar("Answer")


def timed(action: Callable[[], Answer]) -> tuple[Answer, float]:
    """What ``action`` returns, and how many milliseconds that took."""
    start_ns = time.perf_counter_ns()
    answer = action()
    return answer, (time.perf_counter_ns() - start_ns) / 1e6


def time_interpreter(
    model: TfliteModel, inputs: Sequence[NDArray[Any]], protocol: Protocol
) -> Latency:
    """Durations of inferences, taking the ready inputs in turn."""
    turn = itertools.cycle(inputs)
    return measure(lambda: model.infer(next(turn)), protocol)


def time_photos(
    judge: Callable[[Path], Mapping[str, float]],
    photos: Sequence[Path],
    protocol: Protocol,
) -> tuple[Latency, dict[str, tuple[float, ...]], int]:
    """Durations from path to verdict, in total and by stage, and photos judged in all.

    Args:
        judge: judges one photo and returns the milliseconds of its stages, if it
            knows them.
        photos: readable ones, taken in turn.
        protocol: how often.
    """
    turn = itertools.cycle(photos)
    stages: list[Mapping[str, float]] = []
    latency = measure(lambda: stages.append(judge(next(turn))), protocol)
    timed_stages = stages[-latency.runs :]
    stride = -(-len(timed_stages) // KEPT_SAMPLES)
    return (
        latency,
        {
            name: tuple(stage[name] for stage in timed_stages[::stride])
            for name in stages[-1]
        },
        len(stages),
    )


def stages_of(verdict: Verdict) -> dict[str, float]:
    """Milliseconds of each stage; the total is measured from outside."""
    return {
        name: duration
        for name, duration in verdict.timings_ms.items()
        if name != "total"
    }


def evenly_spaced(photos: Sequence[Answer], count: int) -> list[Answer]:
    """At most ``count`` of the photos, from the first to the last.

    >>> evenly_spaced([0, 1, 2, 3, 4, 5], 3)
    [0, 2, 4]
    """
    count = min(count, len(photos))
    return [photos[place * len(photos) // count] for place in range(count)]
