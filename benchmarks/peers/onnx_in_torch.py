"""A float ONNX network as a PyTorch module, for the operators our networks have.

onnx2torch, which would do it, has had no release for two years.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn
from torch.nn import functional


class OnnxNetwork(nn.Module):  # type: ignore[misc]
    """Runs the nodes in their order; weights are buffers."""

    def __init__(self, path: Path) -> None:
        """Read the network.

        Raises:
            NotImplementedError: naming an operator that is not known here.
        """
        super().__init__()
        graph = onnx.load(str(path)).graph
        self.nodes = [
            (node.op_type, list(node.input), node.output[0], _attributes(node))
            for node in graph.node
        ]
        unknown = sorted({kind for kind, *_ in self.nodes} - OPERATORS.keys())
        if unknown:
            raise NotImplementedError(f"operators not known: {', '.join(unknown)}")
        self.given, self.gained = graph.input[0].name, graph.output[0].name
        self.constants = {}
        limits = {
            name
            for kind, inputs, *_ in self.nodes
            if kind == "Clip"
            for name in inputs[1:]
        }
        for place, item in enumerate(graph.initializer):
            values = torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
            if values.dtype == torch.float32 and item.name not in limits:
                self.register_buffer(f"weight_{place}", values)
                self.constants[item.name] = f"weight_{place}"
            else:
                # Shapes, axes, limits: plain numbers while the network is traced.
                self.constants[item.name] = values.tolist()

    def forward(self, photo: torch.Tensor) -> torch.Tensor:
        """Scores of a batch of photos."""
        values: dict[str, Any] = {self.given: photo, "": None}
        for name, constant in self.constants.items():
            by_name = isinstance(constant, str)
            values[name] = getattr(self, constant) if by_name else constant
        for kind, inputs, output, settings in self.nodes:
            values[output] = OPERATORS[kind](settings, *(values[i] for i in inputs))
        return values[self.gained]


def _attributes(node: Any) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _padded(settings: dict[str, Any], photo: torch.Tensor, fill: float) -> torch.Tensor:
    top, left, bottom, right = settings.get("pads", [0, 0, 0, 0])
    if not any((top, left, bottom, right)):
        return photo
    return functional.pad(photo, (left, right, top, bottom), value=fill)


def _conv(
    settings: dict[str, Any],
    photo: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    return functional.conv2d(
        _padded(settings, photo, 0.0),
        weight,
        bias,
        stride=tuple(settings.get("strides", (1, 1))),
        dilation=tuple(settings.get("dilations", (1, 1))),
        groups=settings.get("group", 1),
    )


def _max_pool(settings: dict[str, Any], photo: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(
        _padded(settings, photo, float("-inf")),
        tuple(settings["kernel_shape"]),
        tuple(settings.get("strides", (1, 1))),
    )


def _gemm(
    settings: dict[str, Any],
    values: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    weight = weight if settings.get("transB") else weight.t()
    return functional.linear(values, weight, bias)


def _mean(
    settings: dict[str, Any], values: torch.Tensor, axes: list[int] | None = None
) -> torch.Tensor:
    chosen = settings.get("axes", axes)
    return values.mean(
        dim=list(chosen or ()), keepdim=bool(settings.get("keepdims", 1))
    )


def _clip(
    settings: dict[str, Any], values: torch.Tensor, low: Any = None, high: Any = None
) -> torch.Tensor:
    return values.clamp(
        None if low is None else float(low), None if high is None else float(high)
    )


def _reshape(settings: dict[str, Any], values: torch.Tensor, shape: list[int]) -> Any:
    return values.reshape(
        [values.shape[n] if s == 0 else s for n, s in enumerate(shape)]
    )


OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": lambda settings, one, other: one + other,
    "Clip": _clip,
    "Concat": lambda settings, *parts: torch.cat(parts, dim=settings["axis"]),
    "Conv": _conv,
    "Flatten": lambda settings, values: values.flatten(settings.get("axis", 1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda settings, values: values.mean(dim=(2, 3), keepdim=True),
    "Identity": lambda settings, values: values,
    "Max": lambda settings, one, other: torch.maximum(one, other),
    "Min": lambda settings, one, other: torch.minimum(one, other),
    "MatMul": lambda settings, one, other: one @ other,
    "MaxPool": _max_pool,
    "Mul": lambda settings, one, other: one * other,
    "Pad": lambda settings, values, pads, *_: functional.pad(
        values,
        [
            p
            for n in range(values.dim())
            for p in (pads[-1 - n - values.dim()], pads[-1 - n])
        ],
    ),
    "ReduceMean": _mean,
    "Relu": lambda settings, values: functional.relu(values),
    "Reshape": _reshape,
    "Sigmoid": lambda settings, values: torch.sigmoid(values),
    "Softmax": lambda settings, values: values.softmax(settings.get("axis", -1)),
    "Squeeze": lambda settings, values, axes=None: values.squeeze(tuple(axes)),
    "Sub": lambda settings, one, other: one - other,
    "Transpose": lambda settings, values: values.permute(tuple(settings["perm"])),
    "Unsqueeze": lambda settings, values, axes: values.unsqueeze(axes[0]),
}
