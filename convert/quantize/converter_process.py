"""TensorFlow's converter in a process of its own, so that its crash is an error.

A model that is converted whole may hold operations that the converter was never tried
with; calibrating an LSTM ends the process with a segmentation fault. The parent hands
over the frozen graph and the representative inputs in a folder, and reads the
FlatBuffer back.

``converted_apart`` runs ``main`` there; it is no command for people.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import ConverterError  # has no public name
from tensorflow.lite.python.util import (  # nor have these
    get_grappler_config,
    run_graph_optimizations,
)

from convert.errors import ConversionError
from convert.messages import in_short
from convert.quantize.recipes import RECIPES, Recipe
from training.fitting.batches import Inputs

TYPES = {"float32": tf.float32, "uint8": tf.uint8, "int8": tf.int8}

_KERNELS = {
    "ptq_int8": tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
    "int16x8": (
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ),
}
_GRAPH, _INPUTS, _WANTED, _MODEL, _REASON = (
    "graph.pb", "inputs.npz", "wanted.json", "model.tflite", "reason.txt",
)  # fmt: skip
_REFUSED = 3
_CALL = f"import sys; from {__name__} import main; sys.exit(main(sys.argv[1:]))"

Representative = Callable[[], Iterator[Inputs]]


def prepare(
    converter: Any, recipe: Recipe, io: str, representative: Representative
) -> None:
    """Set a ``TFLiteConverter`` up for a recipe; see ``export.flatbuffer``."""
    if recipe.name != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if recipe.name == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if recipe.integer:
        converter.inference_input_type = TYPES[io]
        converter.inference_output_type = TYPES[io]
    if recipe.calibrated:
        converter.target_spec.supported_ops = [_KERNELS[recipe.name]]
        converter.representative_dataset = lambda: (
            given if isinstance(given, list) else [given] for given in representative()
        )


def converted_apart(
    concrete: Any, recipe: Recipe, *, io: str, representative: Representative
) -> bytes:
    """Convert a frozen concrete function in another process.

    Raises:
        ConversionError: when the converter refuses the model, or crashes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / _GRAPH).write_bytes(_definition(concrete).SerializeToString())
        wanted = {
            "recipe": recipe.name,
            "io": io,
            "inputs": [tensor.name for tensor in concrete.inputs],
            "outputs": [tensor.name for tensor in concrete.outputs],
        }
        (folder / _WANTED).write_text(json.dumps(wanted), encoding="utf-8")
        batches = list(representative()) if recipe.calibrated else []
        parts = [each if isinstance(each, list) else [each] for each in batches]
        arrays: dict[str, Any] = {
            f"input_{place}": np.stack([part[place] for part in parts])
            for place in range(len(parts[0]) if parts else 0)
        }
        np.savez(folder / _INPUTS, **arrays)
        _run(folder, recipe)
        return (folder / _MODEL).read_bytes()


def _definition(concrete: Any) -> Any:
    """The graph with every constant computed.

    Keras 3 extracts patches by a convolution whose kernel its graph computes; the
    converter would calibrate that kernel like an activation, which no TFLite kernel
    takes.
    """
    return run_graph_optimizations(
        concrete.graph.as_graph_def(),
        concrete.inputs,
        concrete.outputs,
        config=get_grappler_config(["constfold"]),
        graph=concrete.graph,
    )


def _run(folder: Path, recipe: Recipe) -> None:
    checkout = str(Path(__file__).resolve().parents[2])
    paths = [checkout, os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", _CALL, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if done.returncode == _REFUSED:
        reason = (folder / _REASON).read_text(encoding="utf-8")
        raise ConversionError(
            f"TensorFlow's converter refused the model: {in_short(reason)}"
        )
    ended = (
        signal.strsignal(-done.returncode)
        if done.returncode < 0
        else f"exit status {done.returncode}"
    )
    other = (
        "Try --recipe dynamic_int8 or float16, or" if recipe.calibrated else "Try to"
    )
    raise ConversionError(
        f"TensorFlow's converter crashed on this model ({ended}, recipe"
        f" {recipe.name}); it cannot convert one of its layers. {other} replace layers"
        " that are not made for pictures, such as LSTM, by others."
    )


def main(arguments: Sequence[str]) -> int:
    """Convert what lies in a folder; 3 where the converter refuses, with the reason."""
    folder = Path(arguments[0])
    wanted = json.loads((folder / _WANTED).read_text(encoding="utf-8"))
    definition = tf.compat.v1.GraphDef.FromString((folder / _GRAPH).read_bytes())
    function = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(definition, name=""), []
    )
    graph = function.graph
    pruned = function.prune(
        [graph.as_graph_element(name) for name in wanted["inputs"]],
        [graph.as_graph_element(name) for name in wanted["outputs"]],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([pruned], pruned)
    with np.load(folder / _INPUTS) as arrays:
        shown = [arrays[name] for name in sorted(arrays.files)]
    prepare(
        converter,
        RECIPES[wanted["recipe"]],
        wanted["io"],
        lambda: ([*each] for each in zip(*shown, strict=True)),
    )
    try:
        model = converter.convert()
    except (ValueError, RuntimeError, tf.errors.OpError, ConverterError) as error:
        (folder / _REASON).write_text(str(error), encoding="utf-8")
        return _REFUSED
    (folder / _MODEL).write_bytes(model)
    return 0
