"""How long each layer takes: the network up to it, less the network before it.

LiteRT's Python wheel has no profiler of operators, and a device may have no other tool.
So every beginning of the network is opened as a model of its own, all are timed turn by
turn, and a layer's time is the difference between two beginnings of one turn. Each is
opened anew every time: where its buffers come to lie can cost a small layer tenfold.
"""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from benchmarks.layers.graph import first_layers, layers
from edge_runtime.model.packing import packed

Step = Callable[[], object]
Opening = Callable[[], Step]

# The first runs allocate, and find the caches full of another model's weights.
_SETTLING_RUNS = 3
_RESAMPLES = 1000


def openings(model: bytes, pixels: NDArray[Any], threads: int) -> list[Opening]:
    """For every layer, what opens the network from its input to that layer.

    Args:
        model: a FlatBuffer.
        pixels: an input as the model stores it; shape ``(1, size, size, 3)``.
        threads: of the kernels.
    """
    beginnings = [first_layers(model, count + 1) for count in range(len(layers(model)))]
    return [partial(opened, model, pixels, threads) for model in beginnings]


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


def turns_ms(
    opening: Sequence[Opening], *, rounds: int, runs: int
) -> NDArray[np.float64]:
    """The fastest run of each in each round; shape ``(rounds, len(opening))``.

    Each round goes through all of them in an order shuffled anew, so that whatever else
    the machine does hits all alike. The fastest, as an interruption takes as long as
    half of the largest network, and this is about what the machine can do.
    """
    shuffler, places = random.Random(0), list(range(len(opening)))
    fastest = np.empty((rounds, len(opening)))
    for turn in range(rounds):
        shuffler.shuffle(places)
        for place in places:
            fastest[turn, place] = min(_durations_ms(opening[place](), runs))
    return fastest


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
    fastest: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Time of each layer, and a 95 % interval by drawing rounds.

    Args:
        fastest: shape ``(rounds, layers)``, as ``turns_ms`` gives them.

    Returns:
        Three arrays of shape ``(layers,)``. A layer that is lost in the noise may have
        a negative time; the interval then holds 0.
    """
    chance = np.random.default_rng(0)
    drawn = chance.integers(len(fastest), size=(_RESAMPLES, len(fastest)))
    resampled = _steps(undisturbed_ms(fastest[drawn], axis=1))
    low, high = np.percentile(resampled, (2.5, 97.5), axis=0)
    return _steps(undisturbed_ms(fastest)), low, high


def undisturbed_ms(fastest: NDArray[np.float64], axis: int = 0) -> NDArray[np.float64]:
    """The lower quartile over rounds: interruptions and unlucky buffers only add."""
    return np.asarray(np.percentile(fastest, 25, axis=axis), np.float64)


def _steps(beginnings: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.diff(beginnings, axis=-1, prepend=0.0)


# Rows, depth, columns. The products of whole matrices keep within a second-level cache
# of 1 MB, so that they are bound by arithmetic.
MATRICES = ((128, 256, 256), (256, 512, 512), (512, 512, 512), (1024, 256, 256))
# One row only: every weight is read for one multiplication, so that these are bound by
# reading; as in the dense layer of cnn128, or smaller.
VECTORS = ((1, 512, 512), (1, 1024, 512), (1, 4800, 512))


def product(rows: int, depth: int, columns: int) -> bytes:
    """A model that multiplies ``(rows, depth)`` by fixed ``(depth, columns)``, int8."""
    chance = np.random.default_rng(0)
    weights = chance.integers(-127, 128, (columns, depth), np.int8)
    tensors = [
        _tensor("input", (rows, depth), schema.TensorType.INT8, 0, 1 / 128),
        _tensor("weights", (columns, depth), schema.TensorType.INT8, 1, 1 / 128),
        _tensor("bias", (columns,), schema.TensorType.INT32, 2, 1 / 128**2),
        _tensor("output", (rows, columns), schema.TensorType.INT8, 0, depth**0.5 / 64),
    ]
    operator = schema.OperatorT(
        opcodeIndex=0,
        inputs=np.array([0, 1, 2], np.int32),
        outputs=np.array([3], np.int32),
        builtinOptionsType=schema.BuiltinOptions.FullyConnectedOptions,
        builtinOptions=schema.FullyConnectedOptionsT(keepNumDims=False),
    )
    graph = schema.SubGraphT(
        tensors=tensors,
        inputs=np.array([0], np.int32),
        outputs=np.array([3], np.int32),
        operators=[operator],
        name="product",
    )
    kind = schema.BuiltinOperator.FULLY_CONNECTED
    return packed(
        schema.ModelT(
            version=3,
            operatorCodes=[schema.OperatorCodeT(kind, None, 4, kind)],
            subgraphs=[graph],
            description="a matrix product",
            buffers=[
                schema.BufferT(),  # That of what is computed.
                schema.BufferT(data=weights.reshape(-1).view(np.uint8)),
                schema.BufferT(data=np.zeros(4 * columns, np.uint8)),
            ],
        )
    )


def _tensor(
    name: str, shape: tuple[int, ...], kind: int, buffer: int, scale: float
) -> Any:
    tensor = schema.TensorT(
        shape=np.array(shape, np.int32), type=kind, buffer=buffer, name=name
    )
    tensor.hasRank = True
    tensor.quantization = schema.QuantizationParametersT(
        scale=np.array([scale], np.float32), zeroPoint=np.array([0], np.int64)
    )
    return tensor
