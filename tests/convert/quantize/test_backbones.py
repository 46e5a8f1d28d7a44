"""Whole backbones of keras.applications, converted by every step of qat_int8."""

import keras
import numpy as np
import pytest

from convert.graph.fold_batch_norm import folded
from convert.graph.nodes import built
from convert.quantize.conversion import SAME_DEEP_FUNCTION
from convert.quantize.export import flatbuffer
from convert.quantize.qat import fine_tuned
from convert.quantize.recipes import RECIPES, FineTuning
from convert.source.model import read_source
from convert.tflite.audit import audit
from convert.tflite.operators import operators
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.preprocessing import resize
from training.fitting.batches import AugmentedPhotos

SIZE_PX = 32
BACKBONES = (
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "EfficientNetB0",
    "NASNetMobile",
    "ResNet50V2",
    "ResNet101V2",
)


def _plain(square, size_px, _rng, _strength):
    return resize(square, size_px)


def _pixels(n, seed):
    generator = np.random.default_rng(seed)
    patches = generator.random((n, 8, 8, 3)) * generator.random((n, 1, 1, 3))
    return np.stack([resize(np.uint8(255 * patch), SIZE_PX) for patch in patches])


def _with_statistics(model, real):
    """Batch norms as after training; fresh ones would fold to nothing."""
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(real, training=True)


@pytest.mark.long
@pytest.mark.parametrize("name", BACKBONES)
def test_backbone_becomes_integers_only(name, tmp_path):
    keras.utils.set_random_seed(0)
    backbone = getattr(keras.applications, name)(
        input_shape=(SIZE_PX, SIZE_PX, 3), weights=None, include_top=False
    )
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    head = keras.layers.Dense(1, activation="sigmoid")(pooled)
    model = keras.Model(backbone.input, head, name=name.lower())
    real = _pixels(32, 0).astype(np.float32) / 255
    _with_statistics(model, real * 255)
    model.save(tmp_path / "model.keras")
    source = read_source(tmp_path / "model.keras")
    rebuilt = built(folded(source.nodes), SIZE_PX)
    shown = _pixels(8, 1).astype(np.float32) / 255
    given = np.asarray(rebuilt(shown, training=False))[:, 0]
    assert np.abs(given - source.scores(shown)).max() <= SAME_DEEP_FUNCTION
    photos = AugmentedPhotos(
        list(_pixels(32, 0)), np.arange(32) % 2, SIZE_PX, _plain, 16, seed=0
    )
    tuned = fine_tuned(rebuilt, photos, real, FineTuning(1, 0.0))
    file = flatbuffer(
        tuned,
        RECIPES["qat_int8"],
        size_px=SIZE_PX,
        io="uint8",
        representative=lambda: iter(()),
    )
    found = audit(file, int8=True)
    assert found.quantisation["Conv2D"] == "int8, per channel"
    kernels = [each.inputs[1] for each in operators(file) if "DEPTHWISE" in each.name]
    # Those of one pixel may be one number for all channels, such as hard sigmoid's 1/6.
    assert all(each.is_per_channel for each in kernels if each.shape[1] > 1)
    opened = open_interpreter(file)
    assert opened.input.dtype_name == "uint8"
    expected = source.scores(shown)
    stored = _pixels(8, 1)
    scores = [float(opened.output.restore(opened.infer(x[None]))[0]) for x in stored]
    print(f"{name}: {sum(found.operations.values())} operations, scores off by at most")
    print(f"{np.abs(np.array(scores) - expected).max():.4f}, {expected.std():.4f} wide")
    # Half of the range: a lost layer or a wrong scale, not rounding, gives that.
    assert np.abs(np.array(scores) - expected).max() < 0.5
