import keras
import numpy as np
import pytest

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.head import (
    LOGIT,
    LOGITS,
    PROBABILITY,
    SOFTMAX,
    Head,
    head_of_outputs,
)
from convert.graph.nodes import built
from convert.source.model import read_source

layers = keras.layers
SIZE_PX = 16


def _pixels(n=8):
    generator = np.random.default_rng(2)
    noise = generator.random((n, SIZE_PX, SIZE_PX, 3)) * generator.random((n, 1, 1, 3))
    return np.round(noise * 255).astype(np.float32)


def _source(tmp_path, model, **options):
    model.save(tmp_path / "mine.keras")
    return read_source(tmp_path / "mine.keras", **options)


def _rebuilt(source, real):
    return np.asarray(built(folded(source.nodes), SIZE_PX)(real))[:, 0]


def _with_head(*ends):
    given = keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.Conv2D(5, 3, strides=2)(given)
    for layer in [layers.GlobalAveragePooling2D(), *ends]:
        inner = layer(inner)
    model = keras.Model(given, inner)
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 1, x.shape) for x in model.get_weights()])
    return model


HEADS = {
    PROBABILITY: lambda: _with_head(layers.Dense(1, activation="sigmoid")),
    "a sigmoid apart": lambda: _with_head(
        layers.Dense(1), layers.Activation("sigmoid")
    ),
    LOGIT: lambda: _with_head(layers.Dense(1)),
    SOFTMAX: lambda: _with_head(layers.Dense(2, activation="softmax")),
    "a softmax apart": lambda: _with_head(layers.Dense(2), layers.Softmax()),
    "a softmax activation": lambda: _with_head(
        layers.Dense(2), layers.Activation("softmax")
    ),
    LOGITS: lambda: _with_head(layers.Dense(2)),
    "no dense layer": lambda: _with_head(
        layers.Dense(2), layers.Rescaling(2.0), layers.Softmax()
    ),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("malignant", [0, 1])
def test_every_head_becomes_one_probability(name, malignant, tmp_path):
    model = HEADS[name]()
    source = _source(tmp_path, model, malignant_index=malignant)
    real = _pixels() / 255
    outputs = np.asarray(model(real))
    if outputs.shape[1] == 2:
        given = outputs if "softmax" in name or name == "no dense layer" else (
            np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
        )  # fmt: skip
        expected = given[:, malignant]
    else:
        expected = outputs[:, 0] if name != LOGIT else 1 / (1 + np.exp(-outputs[:, 0]))
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(source.scores(real), expected, atol=1e-6)
    np.testing.assert_allclose(_rebuilt(source, real), expected, atol=1e-5)
    np.testing.assert_allclose(
        np.asarray(source.head.in_graph(model(real)))[:, 0], expected, atol=1e-6
    )


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        ([[0.1], [0.9]], PROBABILITY),
        ([[-1.0], [0.9]], LOGIT),
        ([[0.3, 0.7], [1.0, 0.0]], SOFTMAX),
        ([[0.3, 0.8], [0.5, 0.5]], LOGITS),
    ],
)
def test_outputs_alone_tell_the_head(outputs, kind):
    assert head_of_outputs(np.float32(outputs), 1) == Head(kind, 1)


def test_names_a_last_layer_that_gives_no_probability(tmp_path):
    with pytest.raises(ConversionError, match="1 unit and the activation relu"):
        _source(tmp_path, _with_head(layers.Dense(1, activation="relu")))
