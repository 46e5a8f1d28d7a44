"""Keras 2's own record in a SavedModel, which gives its layers back.

TensorFlow 2.4 to 2.15 write ``keras_metadata.pb`` beside ``saved_model.pb``. With its
layers a model can be fine-tuned, and its batch norms folded; without, only the function
of the whole is there. The layers are taken where they give the same outputs.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tf_keras.protobuf import saved_metadata_pb2  # has no public name

from convert.graph.head import one_output
from convert.graph.keras_to_nodes import input_shape_of, nodes_of
from convert.messages import in_short
from convert.source.code_in_models import code_in_config
from convert.source.float32_config import precisions_in

RECORD = "keras_metadata.pb"
SAME_OUTPUTS = 1e-4
"""Of the function and of the layers, as a share of the outputs' size: rounding."""

_SIDE_PX = 64
"""Of what a model of any size is tried with."""


def layers_in(
    folder: Path, whole: Any, own_objects: Mapping[str, Any], *, trust_code: bool
) -> Any | None:
    """The tf_keras model that a SavedModel was saved from; None where it is not told.

    Args:
        folder: of the SavedModel.
        whole: its function from pictures to outputs.
        own_objects: the user's own classes by name.
        trust_code: whether code in the record, such as a Lambda layer's, may run.
    """
    if not (folder / RECORD).is_file():
        return None
    try:
        record = saved_metadata_pb2.SavedMetadata.FromString(
            (folder / RECORD).read_bytes()
        )
        configs = [json.loads(node.metadata) for node in record.nodes if node.metadata]
    except (DecodeError, ValueError):
        return None
    # Precisions other than float32 are widened in the function only.
    if precisions_in(configs) or (
        not trust_code and code_in_config(configs, own_objects)
    ):
        return None
    try:
        model = tf_keras.models.load_model(folder, dict(own_objects), compile=False)
        nodes_of(model)
    # Keras revives what it does not know in many ways, and fails in as many.
    except Exception as error:
        print(
            f"{folder} tells its layers in {RECORD}, but they cannot be taken:"
            f" {in_short(str(error))} It is converted as one function.",
            file=sys.stderr,
        )
        return None
    return model if _is_same(model, whole) else None


def _is_same(model: Any, whole: Any) -> bool:
    shape = input_shape_of(model)
    if shape is None or len(shape) != 4:
        return False
    batch, *picture = (length or _SIDE_PX for length in shape)
    batch = 4 if shape[0] is None else batch
    noise = np.random.default_rng(0).random((batch, *picture), np.float32)
    for scale in (1.0, 255.0):
        pixels = tf.constant(noise * np.float32(scale))
        one = np.asarray(one_output(model(pixels, training=False)))
        other = np.asarray(one_output(whole(pixels)))
        size = max(1.0, float(np.abs(other).max()))
        if one.shape != other.shape or np.abs(one - other).max() > SAME_OUTPUTS * size:
            return False
    return True
