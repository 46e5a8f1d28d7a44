"""One .tflite file as other runtimes read it.

The float network comes out of the int8 file itself: its weights, as the integers stand
for them, and no rounding in between. So every float peer computes what our file was
rounded from, and no second training can make a difference.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = "17"


def to_onnx(model: Path, out: Path) -> Path:
    """The file as tf2onnx translates it, rounding steps and all.

    Raises:
        RuntimeError: with tf2onnx's last words.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tf2onnx.convert"),
            *("--tflite", str(model), "--output", str(out), "--opset", OPSET),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"tf2onnx failed: {done.stderr.strip()[-500:]}")
    return out


def without_rounding(quantised: Path, out: Path) -> Path:
    """The same network in float: weights restored, QuantizeLinear pairs taken out."""
    import onnx

    network = onnx.load(str(quantised))
    graph = network.graph
    stored = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    renamed: dict[str, str] = {}
    kept = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            weights = onnx.numpy_helper.from_array(
                _weights(node, stored), node.output[0]
            )
            graph.initializer.append(weights)
        elif node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            renamed[node.output[0]] = renamed.get(node.input[0], node.input[0])
        else:
            kept.append(node)
    _rewire(graph, kept, renamed)
    onnx.save(network, str(out))
    return out


def _rewire(graph: Any, kept: list[Any], renamed: Mapping[str, str]) -> None:
    """Join what the rounding steps stood between; edges of the graph become float."""
    import onnx

    for node in kept:
        for place, name in enumerate(node.input):
            node.input[place] = renamed.get(name, name)
    del graph.node[:]
    graph.node.extend(kept)
    for edge in (*graph.input, *graph.output):
        edge.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    for edge in graph.output:
        if (source := renamed.get(edge.name)) is not None:
            graph.node.append(onnx.helper.make_node("Identity", [source], [edge.name]))
    del graph.value_info[:]
    used = {name for node in graph.node for name in node.input}
    weights = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(weights)


def _weights(node: Any, stored: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """What a DequantizeLinear of a constant comes to."""
    values, scale = stored[node.input[0]], stored[node.input[1]]
    zero = stored[node.input[2]] if len(node.input) > 2 else np.zeros_like(scale)
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
    return restored(values, scale, zero, axis)


def restored(
    values: NDArray[Any], scale: Any, zero: Any, axis: int
) -> NDArray[np.float32]:
    """Integers as what they stand for.

    Args:
        values: stored weights.
        scale: one for all, or one for each place along the axis.
        zero: the integers that stand for 0; shaped like the scale.
        axis: of the scales.
    """
    if np.ndim(scale):
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    real = (values.astype(np.float64) - zero) * scale
    return np.asarray(real, np.float32)


def quantised_by_onnxruntime(
    network: Path, inputs: list[NDArray[np.float32]], out: Path
) -> Path:
    """ONNX Runtime's own static int8, calibrated on the photos."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    name = onnx.load(str(network)).graph.input[0].name

    class Photos(CalibrationDataReader):  # type: ignore[misc]
        """Gives one photo at a time."""

        def __init__(self) -> None:
            """Start with the first."""
            self._left: Iterator[NDArray[np.float32]] = iter(inputs)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """The next photo; None after the last."""
            photo = next(self._left, None)
            return None if photo is None else {name: photo}

    quantize_static(str(network), str(out), Photos(), per_channel=True)
    return out
