import keras
import numpy as np
import pytest

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.head import (
    LINEAR,
    LOGIT,
    LOGITS,
    PROBABILITY,
    SIGMOIDS,
    SOFTMAX,
    TANH,
    Head,
    heads_of_operation,
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


def _pooled_softmax():
    given = keras.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(given))
    return keras.Model(given, layers.Softmax()(inner))


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
    SIGMOIDS: lambda: _with_head(layers.Dense(2, activation="sigmoid")),
    TANH: lambda: _with_head(layers.Dense(1, activation="tanh")),
    "a relu before the softmax": lambda: _with_head(
        layers.Dense(2, activation="relu"), layers.Softmax()
    ),
    "pooling before the softmax": lambda: _pooled_softmax(),
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
    outputs = np.asarray(model(real), np.float64)
    if name == LOGITS:
        outputs = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    elif name == LOGIT:
        outputs = 1 / (1 + np.exp(-outputs))
    elif name == TANH:
        outputs = (outputs + 1) / 2
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], 1)
    expected = outputs[:, malignant]
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(source.scores(real), expected, atol=1e-6)
    np.testing.assert_allclose(_rebuilt(source, real), expected, atol=1e-5)
    np.testing.assert_allclose(
        np.asarray(source.head.in_graph(model(real)))[:, 0], expected, atol=1e-6
    )


@pytest.mark.parametrize("malignant", [0, 1])
def test_squared_error_on_0_and_1_keeps_the_order_and_the_middle(malignant, tmp_path):
    model = _with_head(layers.Dense(1))
    path = tmp_path / "mine.keras"
    model.save(path)
    source = read_source(path, malignant_index=malignant, head="probability")
    assert source.heads == (Head(LINEAR, malignant),)
    real = _pixels() / 255
    outputs = np.asarray(model(real))[:, 0].astype(np.float64)
    sign = 1 if malignant == 1 else -1
    expected = 1 / (1 + np.exp(-sign * (4 * outputs - 2)))
    np.testing.assert_allclose(source.scores(real), expected, atol=1e-6)
    np.testing.assert_allclose(_rebuilt(source, real), expected, atol=1e-5)
    in_graph = np.asarray(source.head.in_graph(model(real)))[:, 0]
    np.testing.assert_allclose(in_graph, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("operation", "outputs", "kinds"),
    [
        ("Sigmoid", [[0.1], [0.9]], [PROBABILITY]),
        # Logits that happen to lie between 0 and 1 are no probabilities.
        ("AddV2", [[0.1], [0.9]], [LOGIT, LINEAR]),
        ("BiasAdd", [[-1.0], [0.9]], [LOGIT, LINEAR]),
        ("Tanh", [[-1.0], [0.9]], [TANH]),
        ("Softmax", [[0.3, 0.7], [1.0, 0.0]], [SOFTMAX]),
        ("MatMul", [[0.3, 0.7], [1.0, 0.0]], [LOGITS]),
        ("Sigmoid", [[0.3, 0.8], [0.5, 0.5]], [SIGMOIDS]),
        ("Mul", [[0.1], [0.9]], [PROBABILITY, LOGIT]),
        ("Mul", [[0.1], [1.9]], [LOGIT, LINEAR]),
        ("", [[0.3, 0.7], [1.0, 0.0]], [SOFTMAX]),
        ("", [[0.3, 0.8], [0.5, 0.5]], [SIGMOIDS, LOGITS]),
    ],
)
def test_operation_and_outputs_tell_the_head_of_a_model_without_layers(
    operation, outputs, kinds
):
    found = heads_of_operation(operation, np.float32(outputs), 1)
    assert found == tuple(Head(kind, 1) for kind in kinds)


@pytest.mark.filterwarnings("ignore:(?s).*softmax over axis")
def test_a_softmax_over_one_unit_is_explained(tmp_path):
    with pytest.raises(ConversionError, match="is 1 for every photo"):
        _source(tmp_path, _with_head(layers.Dense(1, activation="softmax")))


def test_names_a_last_layer_that_gives_no_probability(tmp_path):
    with pytest.raises(ConversionError, match="1 unit and the activation relu"):
        _source(tmp_path, _with_head(layers.Dense(1, activation="relu")))
