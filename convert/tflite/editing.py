"""A TFLite model opened for changes to its graph, and packed again.

``model_buffers`` adds named buffers without touching the rest; operators cannot be
added that way.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from convert.tflite.buffers import named_damage
from edge_runtime.model.packing import packed

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "uint8": schema.TensorType.UINT8,
}

Scale = tuple[float, int]
"""Real value of a step, and the stored value of real 0."""


class OpenGraph:
    """The only subgraph of a model, whose operators and tensors can be changed.

    Attributes:
        model: object form of the FlatBuffer.
        graph: its subgraph.
    """

    def __init__(self, content: bytes) -> None:
        """Unpack a FlatBuffer without an appended zip.

        Raises:
            ConversionError: when it is damaged.
        """
        with named_damage():
            self.model = schema.ModelT.InitFromPackedBuf(content, 0)
        self.graph = self.model.subgraphs[0]

    def packed(self) -> bytes:
        """The model as bytes; the same changes give the same bytes."""
        return packed(self.model)

    def kind(self, operator: Any) -> str:
        """Name of an operator's kernel, such as ``"LOGISTIC"``."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        words = vars(schema.BuiltinOperator).items()
        return str(next(word for word, value in words if value == number))

    def maker_of(self, tensor: int) -> Any | None:
        """The operator that writes a tensor; None for the graph's input."""
        makers = (each for each in self.graph.operators if tensor in each.outputs)
        return next(makers, None)

    def readers_of(self, tensor: int) -> list[Any]:
        """The operators that read a tensor."""
        return [each for each in self.graph.operators if tensor in each.inputs]

    def dtype_of(self, tensor: int) -> str:
        """Type of a tensor in a word; ``"other"`` for those not edited here."""
        number = self.graph.tensors[tensor].type
        return next((word for word, each in _TYPES.items() if each == number), "other")

    def scale_of(self, tensor: int) -> Scale:
        """Quantisation of a tensor with one scale."""
        stored = self.graph.tensors[tensor].quantization
        return float(stored.scale[0]), int(stored.zeroPoint[0])

    def tensor(
        self, name: str, dtype: str, shape: Sequence[int], scale: Scale | None = None
    ) -> int:
        """Add a tensor that an operator computes; returns its number."""
        return self._add(name, dtype, shape, scale, buffer=0)

    def constant(
        self, name: str, content: NDArray[Any], scale: Scale | None = None
    ) -> int:
        """Add a constant; returns the number of its tensor."""
        stored = np.frombuffer(np.ascontiguousarray(content).tobytes(), np.uint8)
        self.model.buffers.append(schema.BufferT(data=stored))
        number = len(self.model.buffers) - 1
        return self._add(name, content.dtype.name, content.shape, scale, number)

    def operator(
        self,
        kind: str,
        inputs: Sequence[int],
        output: int,
        *,
        version: int,
        options: Any = None,
    ) -> Any:
        """An operator, not yet in the graph; its place is the caller's to choose."""
        made = schema.OperatorT()
        made.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind), version)
        made.inputs = np.array(inputs, np.int32)
        made.outputs = np.array([output], np.int32)
        if options is not None:
            name = type(options).__name__.removesuffix("T")
            made.builtinOptionsType = getattr(schema.BuiltinOptions, name)
            made.builtinOptions = options
        return made

    def dense(
        self, inputs: Sequence[int], output: int, *, keep_dimensions: bool = False
    ) -> Any:
        """A FULLY_CONNECTED of input, weights ``(outputs, inputs)`` and bias."""
        options = schema.FullyConnectedOptionsT(keepNumDims=keep_dimensions)
        # 4 knows int8, 5 knows that dimensions may be kept.
        version = 5 if keep_dimensions else 4
        return self.operator(
            "FULLY_CONNECTED", inputs, output, version=version, options=options
        )

    def transpose(
        self, name: str, given: int, order: Sequence[int], output: int
    ) -> Any:
        """A TRANSPOSE; ``order`` says which axis of the input comes where."""
        axes = self.constant(f"{name}/order", np.array(order, np.int32))
        options = schema.TransposeOptionsT()
        return self.operator(
            "TRANSPOSE", (given, axes), output, version=2, options=options
        )

    def _add(
        self,
        name: str,
        dtype: str,
        shape: Sequence[int],
        scale: Scale | None,
        buffer: int,
    ) -> int:
        made = schema.TensorT(
            shape=np.array(shape, np.int32),
            type=_TYPES[dtype],
            buffer=buffer,
            name=name,
        )
        made.hasRank = True
        if scale is not None:
            made.quantization = schema.QuantizationParametersT(
                scale=np.array([scale[0]], np.float32),
                zeroPoint=np.array([scale[1]], np.int64),
            )
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def _code(self, builtin: int, version: int) -> int:
        """Number of a kernel in the model's table, entered there if need be."""
        codes = self.model.operatorCodes
        for number, code in enumerate(codes):
            if code.builtinCode == builtin and code.version == version:
                return number
        # Readers older than the second field see kernels up to number 127 in the first.
        codes.append(schema.OperatorCodeT(min(builtin, 127), None, version, builtin))
        return len(codes) - 1
