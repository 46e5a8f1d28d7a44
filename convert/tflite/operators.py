"""The graph inside a TFLite model, read without running it.

A model that no interpreter here can open (one with TensorFlow's own operations, say)
can still be read this way, and its error message can name the culprit.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from convert.errors import ConversionError
from convert.tflite.buffers import named_damage


@dataclass(frozen=True)
class Tensor:
    """A value that operators exchange.

    Attributes:
        name: as the converter called it.
        dtype: in lower case, such as ``"int8"`` or ``"float32"``.
        shape: as stored; 1 where it is dynamic.
        scales: of the quantisation, one or one per channel; empty without.
        buffer: number of the buffer that holds its constant content.
        constant_bytes: size of that content; 0 for what is computed.
        is_input: whether the graph takes it from outside.
        is_output: whether the graph returns it.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    buffer: int
    constant_bytes: int
    is_input: bool
    is_output: bool

    @property
    def is_float(self) -> bool:
        """Whether it holds floating-point numbers."""
        return "float" in self.dtype

    @property
    def is_per_channel(self) -> bool:
        """Whether its channels differ in scale (a vector of equal scales does not)."""
        return len(set(self.scales)) > 1


@dataclass(frozen=True)
class Operator:
    """One step of the graph.

    Attributes:
        name: of the kernel, such as ``"CONV_2D"``; a custom operator's own name.
        is_custom: whether TFLite does not bring its kernel (TensorFlow's "Flex" too).
        inputs: tensors read; those left out are not listed.
        outputs: tensors written.
    """

    name: str
    is_custom: bool
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def layer(self) -> str:
        """Name of the Keras layer it comes from, as far as the tensors' names tell."""
        named = [*self.inputs[1:2], *self.outputs]
        paths = [path for tensor in named if len(path := _path(tensor.name)) > 2]
        # model/layer/operation; anything shorter was named by the converter.
        return "/".join(paths[0][1:-1]) if paths else self.outputs[0].name

    def layer_among(self, known: Collection[str]) -> str:
        """The same, by its name in a Keras model; ``layer`` where it is none of them.

        A layer may compute in scopes of its own (``act/Relu6``), and a fused operator
        carries several names.
        """
        named = [*self.inputs[1:2], *self.outputs]
        parts = [
            part
            for tensor in named
            for path in tensor.name.split(";")
            for part in path.split("/")
        ]
        return next((part for part in parts if part in known), self.layer)

    def is_of(self, layers: Collection[str]) -> bool:
        """Whether it computes one of the layers, alone or fused with another."""
        paths = [path for tensor in self.outputs for path in tensor.name.split(";")]
        return any(part in layers for path in paths for part in path.split("/"))

    def __str__(self) -> str:
        """Kernel and layer, for messages."""
        return f"{self.name} (layer {self.layer})"


def operators(model: bytes) -> tuple[Operator, ...]:
    """All operators, in the order in which they run.

    Args:
        model: a TFLite FlatBuffer; what is appended to it is ignored.

    Raises:
        ConversionError: when this is no TFLite model, or ai-edge-litert, which brings
            the reader, is not installed.
    """
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise ConversionError(
            f"reading a model's operators needs ai-edge-litert: {error}."
            " Install it: pip install ai-edge-litert"
        ) from error
    with named_damage():
        if not schema.Model.ModelBufferHasIdentifier(model, 0):
            raise ConversionError(
                f"expected a TFLite model, got {len(model)} bytes of something else"
            )
        return tuple(_operators(schema, schema.Model.GetRootAs(model, 0)))


def _operators(schema: Any, root: Any) -> Iterator[Operator]:
    kernels = _words(schema.BuiltinOperator)
    types = _words(schema.TensorType)
    for number in range(root.SubgraphsLength()):
        graph = root.Subgraphs(number)
        tensors = [
            _tensor(root, graph, index, types) for index in range(graph.TensorsLength())
        ]
        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            code = root.OperatorCodes(operator.OpcodeIndex())
            # Kernels beyond number 127 are stored in the second field only.
            kernel = kernels[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            custom = kernel == "CUSTOM"
            inputs = (operator.Inputs(i) for i in range(operator.InputsLength()))
            outputs = (operator.Outputs(i) for i in range(operator.OutputsLength()))
            yield Operator(
                name=(code.CustomCode() or b"CUSTOM").decode() if custom else kernel,
                is_custom=custom,
                # -1 stands for an input that is left out.
                inputs=tuple(tensors[i] for i in inputs if i >= 0),
                outputs=tuple(tensors[i] for i in outputs),
            )


def _tensor(root: Any, graph: Any, index: int, types: dict[int, str]) -> Tensor:
    tensor = graph.Tensors(index)
    scales = tensor.Quantization()
    return Tensor(
        name=(tensor.Name() or b"").decode(),
        dtype=types[tensor.Type()].lower(),
        shape=tuple(tensor.Shape(i) for i in range(tensor.ShapeLength())),
        scales=tuple(scales.Scale(i) for i in range(scales.ScaleLength()))
        if scales
        else (),
        buffer=tensor.Buffer(),
        constant_bytes=root.Buffers(tensor.Buffer()).DataLength(),
        is_input=index in {graph.Inputs(i) for i in range(graph.InputsLength())},
        is_output=index in {graph.Outputs(i) for i in range(graph.OutputsLength())},
    )


def _words(enumeration: Any) -> dict[int, str]:
    """The generated classes map words to numbers; this is the reverse."""
    return {
        number: word
        for word, number in vars(enumeration).items()
        if isinstance(number, int)
    }


def _path(name: str) -> list[str]:
    """Parts of the first of the names that a fused operator carries."""
    return name.partition(";")[0].split("/")
