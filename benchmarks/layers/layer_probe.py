"""Small matrix products that show what this machine's integer units can do.

Each is a .tflite file of one int8 FULLY_CONNECTED, run by the same interpreter and the
same kernels as the models, so that what it reaches is what a layer could reach.
"""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from benchmarks.layers.graph import packed

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
