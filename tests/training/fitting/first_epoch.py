"""Run by test_backends.py: the first epoch of cnn32 on this process' Keras backend.

Without dropout, whose draws are each backend's own. Words: the manifest, the recipe, a
file with the first weights (written where it is absent), the file to write: the loss,
and each weight as it is (``now/NAME``) and averaged (``averaged/NAME``).
"""

import sys
from pathlib import Path

import keras
import numpy as np

from edge_runtime.photos.manifest import photos_of, read_manifest
from training.augmentation.pipelines import AUGMENTATIONS
from training.fitting.batches import (
    AugmentedPhotos,
    decoded_squares,
    labels_of,
    model_inputs,
)
from training.fitting.loop import Schedule, Validation, fit
from training.networks.catalogue import trainable
from training.networks.designs import DESIGNS

DESIGN = DESIGNS["cnn32"]
RATES = {"ours": 2e-3, "published": 1e-2}


def main(manifest, recipe, first, out):
    model = _without_dropout()
    names = [weight.path for weight in model.weights]
    if not Path(first).exists():
        np.savez(first, **dict(zip(names, model.get_weights(), strict=True)))
    with np.load(first) as saved:
        model.set_weights([saved[name] for name in names])
    supply, judged = _photos(read_manifest(Path(manifest)))
    schedule = Schedule(1, RATES[recipe], patience=2, recipe=recipe)
    checkpoint = Path(out).with_suffix(".checkpoint.npz")
    fitted = fit(model, supply, judged, schedule, checkpoint)
    weights = {
        f"{group}/{name}": array
        for group, arrays in (
            ("now", model.get_weights()),
            ("averaged", fitted.weights),
        )
        for name, array in zip(names, arrays, strict=True)
    }
    np.savez(out, loss=fitted.history[0].loss, **weights)


def _without_dropout():
    keras.utils.set_random_seed(0)
    model = trainable(DESIGN, block_order="relu_bn_relu")
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    return model


def _photos(rows):
    train, val = photos_of(rows, "train"), photos_of(rows, "val")
    supply = AugmentedPhotos(
        decoded_squares(train, DESIGN.size_px),
        labels_of(train),
        DESIGN.size_px,
        AUGMENTATIONS["strong"],
        batch_size=15,
        seed=0,
        mild_from=2,
    )
    return supply, Validation(model_inputs(val, DESIGN.size_px), labels_of(val))


if __name__ == "__main__":
    main(*sys.argv[1:])
