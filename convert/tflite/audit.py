"""What a converted file is made of, and whether that is what was asked for.

The converter is silent when it leaves an operation in floating point or a batch
normalisation unfused; the file then works, slowly, or not at all on an integer-only
device. So every file is read back before it is written under its name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from convert.errors import AuditError
from convert.tflite.operators import Operator, Tensor, operators

# Kernels with weights, by the Keras layer that people know them as. The weights are
# the second input of each (TFLite's schema.fbs and the kernels' own documentation).
WEIGHTED = {
    "CONV_2D": "Conv2D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "FULLY_CONNECTED": "Dense",
    "TRANSPOSE_CONV": "Conv2DTranspose",
}
MOST_NAMED = 8
"""Culprits named in a message before it says how many more there are."""


@dataclass(frozen=True)
class Audit:
    """What the audit found in a file that passed.

    Attributes:
        operations: kernel's name -> how often it occurs.
        quantisation: layer kind -> type and granularity of its weights; and
            ``"activations"``.
    """

    operations: Mapping[str, int]
    quantisation: Mapping[str, str]


@dataclass(frozen=True)
class SizeReport:
    """Where the bytes of a model are.

    Attributes:
        total_bytes: of the FlatBuffer.
        weight_bytes: of all constants, each counted once.
        by_operation: kernel's name -> bytes of the constants it reads first.
    """

    total_bytes: int
    weight_bytes: int
    by_operation: Mapping[str, int]

    @property
    def overhead_bytes(self) -> int:
        """Everything else: graph, names, scales, metadata."""
        return self.total_bytes - self.weight_bytes


def audit(model: bytes, *, int8: bool, kept: Sequence[str] = ()) -> Audit:
    """Read the model back and refuse what was not asked for.

    Args:
        model: a TFLite FlatBuffer.
        int8: whether the recipe promises integers only.
        kept: layers that may compute in floating point all the same.

    Raises:
        AuditError: naming the operations and their layers, when the file needs kernels
            that TFLite does not bring, or computes in floating point though ``int8``.
        ConversionError: when ``model`` is not a TFLite model.
    """
    found = operators(model)
    if custom := custom_operations(found):
        raise AuditError(
            f"{_listed(custom)} need kernels that TFLite does not bring, so no device"
            " could run this file. Replace these layers, or the functions they call,"
            " by ones that TFLite knows."
        )
    floats = [each for each in float_operations(found) if not _is_kept(each, kept)]
    if int8 and floats:
        raise AuditError(
            f"expected integers only, but {_listed(floats)} compute in floating point."
            " Replace these layers, choose --recipe dynamic_int8 or float16, or let"
            " them: --keep-float LAYER."
        )
    return Audit(
        operations=dict(Counter(operator.name for operator in found)),
        quantisation=quantisation(found),
    )


def float_operations(found: Sequence[Operator]) -> tuple[Operator, ...]:
    """Operators that read or write floating-point numbers.

    Not listed are those that only carry float32 over the edge of the graph: QUANTIZE
    of an input, DEQUANTIZE to an output.
    """
    return tuple(
        operator
        for operator in found
        if any(tensor.is_float for tensor in operator.inputs + operator.outputs)
        and not _is_edge(operator)
    )


def custom_operations(found: Sequence[Operator]) -> tuple[Operator, ...]:
    """Operators without a kernel in TFLite, TensorFlow's own ("Flex") among them."""
    return tuple(operator for operator in found if operator.is_custom)


def unfused_operations(found: Sequence[Operator]) -> tuple[Operator, ...]:
    """Multiplications by, and additions of, a constant per channel.

    The converter could have folded them into a convolution: batch normalisation leaves
    them where it is not folded.
    """
    return tuple(
        operator
        for operator in _without_widening(found)
        if operator.name in ("MUL", "ADD", "SUB")
        and any(_is_per_channel_constant(tensor) for tensor in operator.inputs)
    )


def quantisation(found: Sequence[Operator]) -> dict[str, str]:
    """How weights and activations are stored, for people.

    Returns:
        Such as ``{"Conv2D": "int8, per channel", "Dense": "int8, per tensor",
        "activations": "int8"}``; where layers of a kind differ, with their numbers.
        A layer with one output channel is per tensor and per channel at once and
        counts only where there is no other.
    """
    weighted = [each for each in _without_widening(found) if each.name in WEIGHTED]
    result = {}
    for kernel, kind in WEIGHTED.items():
        weights = [each.inputs[1] for each in weighted if each.name == kernel]
        telling = [tensor for tensor in weights if _output_channels(kernel, tensor) > 1]
        if weights:
            result[kind] = _summary(_stored_as(each) for each in telling or weights)
    if weighted:
        result["activations"] = _summary(each.outputs[0].dtype for each in weighted)
    return result


def size_report(model: bytes) -> SizeReport:
    """Count the bytes of a model's constants by the operation that reads them.

    Raises:
        ConversionError: when ``model`` is not a TFLite model.
    """
    counted: set[int] = set()
    by_operation: Counter[str] = Counter()
    for operator in _without_widening(operators(model)):
        for tensor in operator.inputs:
            if tensor.constant_bytes and tensor.buffer not in counted:
                counted.add(tensor.buffer)
                by_operation[operator.name] += tensor.constant_bytes
    return SizeReport(len(model), by_operation.total(), dict(by_operation))


def _is_kept(operator: Operator, kept: Sequence[str]) -> bool:
    """Of a layer kept in floating point, or the way there and back."""
    if not kept:
        return False
    return operator.name in ("QUANTIZE", "DEQUANTIZE") or operator.is_of(kept)


def _is_edge(operator: Operator) -> bool:
    if operator.name == "QUANTIZE":
        return operator.inputs[0].is_input
    return operator.name == "DEQUANTIZE" and operator.outputs[0].is_output


def _is_per_channel_constant(tensor: Tensor) -> bool:
    # Broadcast over everything but the last axis, however the converter wrote that.
    *others, channels = tensor.shape or (1,)
    return bool(tensor.constant_bytes) and channels > 1 and set(others) <= {1}


def _without_widening(found: Sequence[Operator]) -> list[Operator]:
    """The operators as if they read float16 constants themselves.

    float16 files keep small constants and widen each by a DEQUANTIZE of its own.
    """
    widening = {
        operator.outputs[0]: operator.inputs[0]
        for operator in found
        if operator.name == "DEQUANTIZE" and operator.inputs[0].constant_bytes
    }
    return [
        replace(operator, inputs=tuple(widening.get(x, x) for x in operator.inputs))
        for operator in found
        if operator.outputs[0] not in widening
    ]


def _output_channels(kernel: str, weights: Tensor) -> int:
    return weights.shape[-1 if kernel == "DEPTHWISE_CONV_2D" else 0]


def _stored_as(weights: Tensor) -> str:
    if weights.is_float:
        return weights.dtype
    granularity = "channel" if weights.is_per_channel else "tensor"
    return f"{weights.dtype}, per {granularity}"


def _summary(descriptions: Iterable[str]) -> str:
    counts = Counter(descriptions)
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(
        f"{text} ({n} layer{'s' if n > 1 else ''})" for text, n in counts.most_common()
    )


def _listed(culprits: Sequence[Operator]) -> str:
    more = len(culprits) - MOST_NAMED
    named = ", ".join(str(operator) for operator in culprits[:MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
