"""Which layer is to blame for what an integer file lost."""

import tensorflow as tf
import tf_keras

from convert.diagnosis.layer_errors import layer_errors
from convert.diagnosis.layer_report import advice
from convert.errors import ConversionError, GateError
from convert.quantize.export import flatbuffer
from convert.quantize.mixed_precision import layers_of
from convert.quantize.recipes import RECIPES, Recipe
from convert.source.scoring import Photos

MOST_PHOTOS = 16
"""Enough to tell a layer that is far off from one that is not."""


def with_blame(
    error: GateError,
    recipe: Recipe,
    floating: tf_keras.Model | tf.Module,
    quantised: bytes,
    photos: Photos,
) -> GateError:
    """The same error, with what the comparison of layers advises.

    Args:
        error: of a gate that failed.
        recipe: float files have no layer to blame.
        floating: the folded model.
        quantised: its conversion, before anything was added to it.
        photos: at the model's size.
    """
    if not recipe.computes_integers or photos.answers is not None:
        return error
    reference = flatbuffer(
        floating,
        RECIPES["float32"],
        size_px=photos.pixels.shape[1],
        io="float32",
        representative=lambda: iter(()),
    )
    try:
        layers = layers_of(floating)
        errors = layer_errors(reference, quantised, photos.pixels[:MOST_PHOTOS], layers)
        found = advice(errors, layers)
    except ConversionError as reason:
        found = f"not compared, {reason}"
    return GateError(f"{error}\n       Layer by layer: {found}.")
