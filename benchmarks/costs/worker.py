"""One point of a cost curve, in a process of its own.

``benchmarks/costs/cost_bench.py`` starts it as ``python -m benchmarks.costs.worker``,
writes the case to its standard input and reads one line of JSON.
"""

import dataclasses
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.costs.cases import BATCH, INTERPRETER, PHOTOS, Cost, CostCase
from benchmarks.measure.case_input import read_case
from edge_runtime.classifier import LesionClassifier
from edge_runtime.files.strict_json import build
from edge_runtime.measuring.latency import Latency, counted, measure
from edge_runtime.measuring.machine import peak_memory_mib
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.exit_status import exit_status


def cost(case: CostCase) -> Cost:
    """Measure the case in this process, which should be a fresh one.

    Raises:
        EdgeRuntimeError: when the model file or a photo cannot be used.
    """
    start, start_mib = time.perf_counter(), peak_memory_mib()
    latency = _inferences(case) if case.measure == INTERPRETER else _verdicts(case)
    at_once = case.amount if case.axis == BATCH else 1
    return Cost(
        latency.median_ms / at_once,
        latency.p90_ms / at_once,
        time.perf_counter() - start,
        start_mib,
        peak_memory_mib(),
    )


def _verdicts(case: CostCase) -> Latency:
    path = Path(case.model)
    classifier = LesionClassifier.load(path, threads=case.threads, site=False)
    turn = itertools.cycle(case.photos)
    protocol = case.protocol
    if case.axis == PHOTOS:
        protocol = counted(warmup=0, runs=int(case.amount))
    return measure(lambda: classifier.classify(next(turn)), protocol)


def _inferences(case: CostCase) -> Latency:
    file = read_model_file(Path(case.model))
    at_once = int(case.amount) if case.axis == BATCH else 1
    infer = _opened(file.model, at_once, case.threads)
    turn = itertools.cycle(_batches(file, case.photos, at_once))
    return measure(lambda: infer(next(turn)), case.protocol)


def _opened(
    model: bytes, at_once: int, threads: int
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """The interpreter alone, for so many photos at once; the runtime takes one."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=threads)
    given = interpreter.get_input_details()[0]
    gained = interpreter.get_output_details()[0]["index"]
    shape = (at_once, *given["shape"][1:])
    interpreter.resize_tensor_input(given["index"], shape)
    interpreter.allocate_tensors()

    def infer(stored: NDArray[Any]) -> NDArray[Any]:
        interpreter.set_tensor(given["index"], stored)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(gained)).reshape(-1)

    return infer


def _batches(
    file: ModelFile, photos: Sequence[str], at_once: int
) -> list[NDArray[Any]]:
    """Every photo once, the first ones again where the last batch is not full."""
    spec = file.card.input
    table = spec.quantization.store_pixels(spec.mean, spec.std)
    stored = [table[load_pixels(Path(photo), spec.size_px)] for photo in photos]
    turn = itertools.cycle(stored)
    return [
        np.stack(list(itertools.islice(turn, at_once)))
        for _ in range(-(-len(stored) // at_once))
    ]


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the case on standard input; returns the exit status."""
    given = read_case(
        arguments, "python -m benchmarks.costs.cost_bench", sys.stdin.read
    )
    case = build(CostCase, given, "case")
    print(json.dumps(dataclasses.asdict(cost(case)), allow_nan=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
