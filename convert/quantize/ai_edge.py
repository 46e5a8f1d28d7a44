"""Google's AI Edge Quantizer: from a float ``.tflite`` to int8, without TensorFlow.

An optional package, ``pip install lesion-edge[aeq]``. It takes the float32 file that
the recipe ``float32`` writes, ranges from the same photos as ``ptq_int8``, and int8
weights for each channel.
"""

import importlib
import re
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from convert.errors import ConversionError
from convert.messages import in_short
from convert.quantize.converter_process import Representative
from convert.tflite.edges import with_edges_of
from edge_runtime.model.interpreter import open_interpreter

PACKAGE = "ai_edge_quantizer"


def quantised(
    floating: bytes,
    representative: Representative,
    *,
    io: str,
    keep_float: Sequence[str] = (),
) -> bytes:
    """An int8 file of a float32 one.

    Args:
        floating: a TFLite FlatBuffer of one picture, with a signature.
        representative: gives inputs that show value ranges.
        io: dtype of input and output.
        keep_float: layers that stay in floating point.

    Raises:
        ConversionError: when the package refuses the model.
    """
    if open_interpreter(floating).answers is not None:
        raise ConversionError(
            "--recipe aeq_int8 takes models of one picture, and this one also takes"
            " answers; give --recipe ptq_int8"
        )
    quantizer = importlib.import_module(f"{PACKAGE}.quantizer")
    recipes = importlib.import_module(f"{PACKAGE}.recipe")
    work = quantizer.Quantizer(floating, recipes.static_wi8_ai8())
    for layer in keep_float:
        work.update_quantization_recipe(
            regex=rf"(^|.*[/;]){re.escape(layer)}([/;].*|$)",
            operation_name=recipes.TFLOperationName.ALL_SUPPORTED,
            algorithm_key=recipes.AlgorithmName.NO_QUANTIZE,
        )
    key, name, entrance = _signature(floating)
    # Outside: a photo that cannot be read is no refusal of the package.
    pictures = [
        each[0] if isinstance(each, list) else each for each in representative()
    ]
    try:
        # It tells sizes and times on standard output, which is for the answer.
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            # Of the interpreter that its calibration runs, about memory; and of
            # channels whose kernel is all zeros, which it divides by their scale, 0.
            warnings.filterwarnings("ignore", message="Warning: Enabling")
            warnings.filterwarnings("ignore", message="invalid value encountered")
            found = [work.calibrate({key: [{name: picture}]}) for picture in pictures]
            ranges = _widest(found)
            # A stored input is the pixel itself where its range is pixels / 255.
            for end, value in (("min", 0.0), ("max", 1.0)):
                ranges[entrance][end] = np.full_like(ranges[entrance][end], value)
            content = bytes(work.quantize(ranges).quantized_model)
    # It documents no errors of its own; these are what networks of ours brought up.
    except (ValueError, RuntimeError, TypeError, NotImplementedError) as error:
        raise ConversionError(
            f"AI Edge Quantizer refused the model: {in_short(str(error))}"
        ) from error
    return with_edges_of(content, io)


def _widest(found: Sequence[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Of ranges that single photos show, by tensor, the lowest and highest ends.

    Over several photos the package averages, with most weight on the first: values of
    all others are cut off.
    """
    first, *others = found
    for each in others:
        for tensor, ends in each.items():
            known = first.setdefault(tensor, ends)
            for end, choose in (("min", np.minimum), ("max", np.maximum)):
                if end in known and end in ends:
                    known[end] = choose(known[end], ends[end])
    return first


def _signature(floating: bytes) -> tuple[str, str, str]:
    """Names of the only signature, of its only input, and of that input's tensor."""
    module: Any = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = module.Interpreter(model_content=floating)
    for key, names in interpreter.get_signature_list().items():
        return key, names["inputs"][0], interpreter.get_input_details()[0]["name"]
    raise ConversionError(
        "AI Edge Quantizer needs a file with a signature, and this one has none; give"
        " --recipe ptq_int8"
    )
