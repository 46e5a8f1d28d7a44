"""What a program for TFLite Micro needs besides the card: memory and kernels."""

import io
from collections.abc import Iterator, Sequence

import numpy as np

from convert.errors import ConversionError
from convert.targets.c_source import symbol_of
from convert.tflite.operators import Operator, Tensor, operators
from edge_runtime.model.file import ModelFile
from edge_runtime.verdict import INVESTIGATE, MONITOR, UNCERTAIN, decision

_KERNELS = {
    "ADD": "AddAdd",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "FULLY_CONNECTED": "AddFullyConnected",
    "LOGISTIC": "AddLogistic",
    "MAXIMUM": "AddMaximum",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MINIMUM": "AddMinimum",
    "MUL": "AddMul",
    "PAD": "AddPad",
    "QUANTIZE": "AddQuantize",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "SOFTMAX": "AddSoftmax",
}
"""TFLite Micro's functions that register a kernel (micro_mutable_op_resolver.h)."""

_ALIGNMENT_BYTES = 16
_OWN_BYTES = 16 * 1024
_BYTES_A_CHANNEL = 8
"""Multiplier and shift of each channel, which kernels keep."""
_BYTES_A_KERNEL = 300
"""What a kernel keeps besides."""

_DECISIONS = (MONITOR, UNCERTAIN, INVESTIGATE)
_VALUES_A_LINE = 16


def micro_values(file: ModelFile) -> dict[str, str]:
    """Words for the placeholders that only this target has.

    Raises:
        ConversionError: when TFLite Micro has no kernel for one of the operators.
    """
    card, found = file.card, operators(file.model)
    kernels = sorted({_kernel(each) for each in found})
    low = np.array([card.uncertainty.low_score])
    return {
        "SYMBOL": symbol_of(card.name),
        "ARENA_BYTES": str(arena_bytes(found)),
        "THRESHOLD_STORED": str(card.threshold.stored),
        "UNCERTAIN_FROM_STORED": str(int(card.output.quantization.store(low)[0])),
        "KERNELS": "\n".join(f"  resolver.{each}();" for each in kernels),
        "KERNEL_COUNT": str(len(kernels)),
    }


def arena_bytes(found: Sequence[Operator]) -> int:
    """Enough of an arena, reckoned from the graph; whole kilobytes.

    The largest sum of computed tensors that are alive at once, plus a quarter for the
    planner's gaps and the kernels' scratch, plus TFLite Micro's own structures and what
    its kernels keep. Needed and reckoned, in kB: cnn32 87 and 126, cnn64 661 and 846,
    cnn128 3,939 and 4,944, mobileneta25_128 161 and 193 (make test-ports).
    """
    last = {
        tensor.name: place
        for place, operator in enumerate(found)
        for tensor in operator.inputs
        if not tensor.constant_bytes
    }
    alive: dict[str, int] = {}
    most = 0
    for place, operator in enumerate(found):
        for tensor in (*operator.inputs, *operator.outputs):
            if not tensor.constant_bytes:
                alive[tensor.name] = _bytes(tensor)
        most = max(most, sum(alive.values()))
        alive = {
            name: size for name, size in alive.items() if last.get(name, 0) > place
        }
    channels = sum(
        len(tensor.scales) for operator in found for tensor in operator.inputs[1:]
    )
    own = _OWN_BYTES + _BYTES_A_CHANNEL * channels + _BYTES_A_KERNEL * len(found)
    wanted = most * 5 // 4 + own
    return -(-wanted // 1024) * 1024


def golden_header(file: ModelFile) -> str:
    """The golden vectors as constants of C++."""
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names = [name.decode("ascii") for name in arrays["names"]]
    lines = [
        f"// {file.card.notice}. Generated from {file.card.name}; do not edit.",
        "",
        "#ifndef LESION_GOLDEN_H_",
        "#define LESION_GOLDEN_H_",
        "",
        "#include <stdint.h>",
        "",
        "namespace lesion {",
        "namespace golden {",
        "",
        "struct Picture {",
        "  int width;",
        "  int height;",
        "  const uint8_t* rgb;",
        "  const uint8_t* pixels;",
        "  const uint8_t* input;",
        "  int8_t output;",
        "};",
        "",
    ]
    pictures = []
    for place, name in enumerate(names):
        rgb = arrays[f"rgb/{name}"]
        parts = {"rgb": rgb, "pixels": arrays["pixels"][place]}
        for part, array in {**parts, "input": arrays["input"][place]}.items():
            lines += [*_array(f"{name}_{part}", array.tobytes()), ""]
        words = ", ".join(f"{name}_{part}" for part in (*parts, "input"))
        output = int(arrays["output"][place][0])
        pictures.append(f"    {{{rgb.shape[1]}, {rgb.shape[0]}, {words}, {output}}},")
    said = bytes(_decisions(file))
    return "\n".join(
        [
            *lines,
            "const Picture kPictures[] = {",
            *pictures,
            "};",
            "",
            "// Of outputs -128 to 127: 0 monitor, 1 uncertain, 2 investigate.",
            *_array("kDecisions", said),
            "",
            "}  // namespace golden",
            "}  // namespace lesion",
            "",
            "#endif  // LESION_GOLDEN_H_",
            "",
        ]
    )


def _decisions(file: ModelFile) -> Iterator[int]:
    stored = np.arange(-128, 128).astype(np.int8)
    for score in file.card.output.quantization.restore(stored):
        yield _DECISIONS.index(decision(float(score), file.card, ()))


def _kernel(operator: Operator) -> str:
    if operator.name not in _KERNELS:
        raise ConversionError(
            f"no kernel of TFLite Micro is known here for {operator}; known:"
            f" {sorted(_KERNELS)}"
        )
    return _KERNELS[operator.name]


def _bytes(tensor: Tensor) -> int:
    elements = int(np.prod(tensor.shape))
    size = elements * (4 if tensor.dtype in ("float32", "int32") else 1)
    return -(-size // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES


def _array(name: str, content: bytes) -> list[str]:
    rows = [
        "    " + ", ".join(map(str, content[start : start + _VALUES_A_LINE])) + ","
        for start in range(0, len(content), _VALUES_A_LINE)
    ]
    return [f"const uint8_t {name}[] = {{", *rows, "};"]
