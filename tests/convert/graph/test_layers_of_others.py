"""Activations, heads and precisions of other people's models: the same function."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from keras import ops

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.input_rule import InputRule
from convert.graph.nodes import built
from convert.quantize.export import flatbuffer
from convert.quantize.qat import _annotated, fine_tuned, learnt, only_calibrated
from convert.quantize.recipes import RECIPES, FineTuning
from convert.source.loading import SavedModel
from convert.source.model import read_source
from convert.tflite.audit import audit
from edge_runtime.model.interpreter import open_interpreter
from training.fitting.batches import AugmentedPhotos

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are saving your model as an HDF5", "ignore:.*mixed_precision"
)
SIZE_PX = 16
REAL = np.random.default_rng(0).random((6, SIZE_PX, SIZE_PX, 3), np.float32)
REAL *= np.linspace(0.1, 1, 6, dtype=np.float32)[:, None, None, None]

# (framework's layers, features of a convolution) -> features.
BODIES = {
    "LeakyReLU": lambda nn, t: nn.LeakyReLU(0.1)(t),
    "PReLU": lambda nn, t: nn.PReLU(shared_axes=[1, 2])(t),
    "ELU": lambda nn, t: nn.ELU(0.7)(t),
    "ReLU with a slope": lambda nn, t: nn.ReLU(negative_slope=0.2)(t),
    "elu inside": lambda nn, t: nn.Conv2D(4, 3, activation="elu")(t),
    "elu inside dense": lambda nn, t: nn.Dense(5, activation="elu")(nn.Flatten()(t)),
    "hard_sigmoid inside": lambda nn, t: nn.Conv2D(4, 1, activation="hard_sigmoid")(t),
    "gelu": lambda nn, t: nn.Activation("gelu")(t),
    "selu": lambda nn, t: nn.Activation("selu")(t),
    "softplus": lambda nn, t: nn.Activation("softplus")(t),
    "softsign": lambda nn, t: nn.Activation("softsign")(t),
    "exponential": lambda nn, t: nn.Activation("exponential")(t),
    "mish": lambda nn, t: nn.Activation("mish")(t),
    "swish inside dense": lambda nn, t: nn.Dense(4, activation="swish")(
        nn.Flatten()(t)
    ),
    "layer normalisation": lambda nn, t: nn.LayerNormalization(epsilon=1e-6)(t),
    "group normalisation": lambda nn, t: nn.GroupNormalization(groups=2)(t),
    "two pooled branches": lambda nn, t: nn.Concatenate()(
        [nn.GlobalAveragePooling2D()(t), nn.GlobalMaxPooling2D()(t)]
    ),
}
KERAS_3 = {
    "hard_silu": lambda nn, t: nn.Conv2D(4, 1, activation="hard_silu")(t),
    "ops.mean": lambda nn, t: ops.mean(
        keras.activations.leaky_relu(t, 0.3), axis=(1, 2)
    ),
    "ops.concatenate": lambda nn, t: ops.concatenate(
        [ops.mean(t, axis=(1, 2)), ops.max(t, axis=(1, 2))], axis=-1
    ),
    "ops.hard_sigmoid": lambda nn, t: ops.hard_sigmoid(t),
}


@keras.utils.register_keras_serializable("test_layers_of_others")
class Patches(keras.layers.Layer):
    """Patches with learnt places, as the guide to vision transformers has them."""

    def __init__(self, **options):
        super().__init__(**options)
        self.places = keras.layers.Embedding(9, 8)
        self.project = keras.layers.Dense(8)

    def build(self, _shape):
        self.places.build((9,))
        self.project.build((None, 9, 96))
        super().build(_shape)

    def call(self, images):
        patches = ops.image.extract_patches(images, 4)
        return self.project(ops.reshape(patches, (-1, 9, 96))) + self.places(
            ops.arange(9)
        )


def _transformer(nn, t):
    tokens = Patches()(t)
    seen = nn.LayerNormalization(epsilon=1e-6)(tokens)
    tokens = nn.Add()([tokens, nn.MultiHeadAttention(2, 4)(seen, seen)])
    return nn.Flatten()(nn.Dense(8, activation="gelu")(tokens))


# Layers without a form in quantisation-aware training: (body, those that it leaves).
KEPT = {
    "attention": (_transformer, {"MultiHeadAttention"}),
    "pixel shuffle": (
        lambda nn, t: nn.Conv2D(4, 3)(
            ops.reshape(
                ops.transpose(ops.reshape(t, (-1, 14, 14, 2, 3)), (0, 1, 3, 2, 4)),
                (-1, 28, 14, 3),
            )
        ),
        {"Reshape", "Transpose"},
    ),
    "upsampling and crop": (
        lambda nn, t: nn.CenterCrop(8, 8)(nn.UpSampling2D(2)(t)),
        {"UpSampling2D", "CenterCrop"},
    ),
    "resizing": (lambda nn, t: nn.Resizing(8, 8)(t), {"Resizing"}),
}
HEADS = {
    "softmax behind a relu": lambda nn, t: nn.Softmax()(
        nn.Dense(2, activation="relu")(t)
    ),
    "a dict of one": lambda nn, t: {"score": nn.Dense(1, activation="sigmoid")(t)},
    "a list of one": lambda nn, t: [nn.Dense(1, activation="sigmoid")(t)],
    "no axis of units": lambda nn, t: nn.Reshape(())(
        nn.Dense(1, activation="sigmoid")(t)
    ),
    "two sigmoids": lambda nn, t: nn.Dense(2, activation="sigmoid")(t),
}
CASES = [
    *((framework, name) for framework in (keras, tf_keras) for name in BODIES),
    *((keras, name) for name in KERAS_3),
    *((framework, name) for framework in (keras, tf_keras) for name in HEADS),
]


def _sigmoid(layers, features):
    return layers.Dense(1, activation="sigmoid", dtype="float32")(features)


def _model(framework, body=None, head=_sigmoid):
    layers = framework.layers
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    inner = layers.Conv2D(6, 3)(given)
    inner = body(layers, inner) if body else inner
    if len(inner.shape) == 4:
        inner = layers.GlobalAveragePooling2D()(inner)
    model = framework.Model(given, head(layers, inner))
    generator = np.random.default_rng(1)
    # Keeps the size of what is passed on; statistics of a batch norm are positive.
    model.set_weights(
        [
            generator.normal(0, 2 / np.sqrt(np.prod(x.shape[:-1])), x.shape)
            if x.ndim > 1
            else generator.uniform(0.1, 0.6, x.shape)
            for x in model.get_weights()
        ]
    )
    return model


@pytest.mark.parametrize(("framework", "name"), CASES)
def test_is_rebuilt_exactly_and_can_be_fine_tuned(framework, name, tmp_path):
    body = BODIES.get(name) or KERAS_3.get(name)
    model = _model(framework, body, HEADS.get(name, _sigmoid))
    model.save(tmp_path / "net.keras")
    source = read_source(tmp_path / "net.keras", rule=InputRule())
    (outputs,) = tf.nest.flatten(model(REAL))
    # The only unit, or the second of two.
    expected = np.asarray(outputs).reshape(len(REAL), -1)[:, -1]
    assert np.ptp(expected) > 1e-4
    np.testing.assert_allclose(source.scores(REAL), expected, atol=1e-6)
    again = built(folded(source.nodes), SIZE_PX)
    np.testing.assert_allclose(np.asarray(again(REAL))[:, 0], expected, atol=1e-5)
    fake = _annotated(again)(REAL, training=True)
    assert np.asarray(fake).shape == (len(REAL), 1)


def _as_it_is(square, _size_px, _rng, _strength):
    return square


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BODIES, "hard_silu", "ops.hard_sigmoid", *KEPT])
def test_fine_tuning_ends_in_integers_whatever_it_leaves_alone(name, tmp_path):
    body, left_alone = KEPT.get(name, (BODIES.get(name) or KERAS_3.get(name), None))
    model = _model(keras, body)
    model.save(tmp_path / "net.keras")
    source = read_source(
        tmp_path / "net.keras", rule=InputRule(), own_objects={"Patches": Patches}
    )
    if left_alone:
        with pytest.raises(ConversionError, match=r"cannot be|is a "):
            _ = source.nodes
    rebuilt = built(folded(source.nodes_or_kept), SIZE_PX)
    pixels = np.uint8(255 * REAL)
    real, expected = np.float32(pixels) / 255, source.scores(np.float32(pixels) / 255)
    np.testing.assert_allclose(
        np.asarray(rebuilt(real))[:, 0], expected, atol=1e-5, rtol=0
    )
    calibrated = only_calibrated(rebuilt)
    if left_alone:
        assert left_alone <= {*calibrated.values()}
    labels = np.arange(len(REAL)) % 2
    photos = AugmentedPhotos(list(pixels), labels, SIZE_PX, _as_it_is, 2, seed=0)
    tuned = fine_tuned(rebuilt, photos, real, FineTuning(1, 1e-4))
    file = flatbuffer(
        learnt(tuned, rebuilt) if calibrated else tuned,
        RECIPES["ptq_int8" if calibrated else "qat_int8"],
        size_px=SIZE_PX,
        io="uint8",
        representative=lambda: (each[None] for each in real),
    )
    audit(file, int8=True)
    opened = open_interpreter(file)
    given = [opened.infer(opened.input.store(each[None])) for each in real]
    scores = np.array([float(opened.output.restore(each)[0]) for each in given])
    # A few steps of 1/256; a lost layer or a wrong scale changes half of the spread.
    assert np.abs(scores - expected).max() < max(0.02, np.ptp(expected) / 8)


@pytest.fixture
def policy():
    """A function that sets a policy in a framework until the test ends."""

    def use(framework, name):
        framework.mixed_precision.set_global_policy(name)

    yield use
    for framework in (keras, tf_keras):
        framework.mixed_precision.set_global_policy("float32")


def _normed(layers, features):
    return layers.Dense(7, activation="relu")(
        layers.Flatten()(layers.BatchNormalization()(features))
    )


@pytest.mark.parametrize("suffix", [".keras", ".h5", ""])
@pytest.mark.parametrize("framework", [keras, tf_keras])
@pytest.mark.parametrize(
    ("name", "rounding"),
    [("mixed_float16", 3e-3), ("mixed_bfloat16", 3e-2), ("float64", 1e-6)],
)
def test_other_precisions_become_float32(
    framework, suffix, name, rounding, policy, tmp_path
):
    if name == "float64" and not suffix:
        pytest.skip("TensorFlow's converter takes such a SavedModel as it is")
    policy(framework, name)
    model = _model(framework, _normed)
    expected = np.asarray(model(REAL), np.float64)[:, 0]
    path = tmp_path / f"net{suffix}"
    if suffix:
        model.save(path)
    elif framework is keras:
        model.export(path, verbose=False)
    else:
        model.save(path, save_format="tf")
    policy(framework, "float32")
    source = read_source(path, rule=InputRule())
    scores = source.scores(REAL)
    np.testing.assert_allclose(scores, expected, atol=rounding)
    if not suffix:
        assert isinstance(source.model, SavedModel)
        return
    assert {weight.dtype.name for weight in source.model.get_weights()} == {"float32"}
    again = np.asarray(built(folded(source.nodes), SIZE_PX)(REAL))[:, 0]
    np.testing.assert_allclose(again, scores, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_weights_of_int8_models_are_what_they_stand_for(policy, tmp_path):
    model = _model(keras, _normed)
    kernel = model.layers[-2].get_weights()[0]
    before = np.asarray(model(REAL))[:, 0]
    model.quantize("int8")
    model.save(tmp_path / "net.keras")
    source = read_source(tmp_path / "net.keras", rule=InputRule())
    found = source.model.layers[-2].get_weights()[0]
    step = np.abs(kernel).max() / 127
    assert 0 < np.abs(found - kernel).max() <= step
    np.testing.assert_allclose(source.scores(REAL), before, atol=0.02)
    again = np.asarray(built(folded(source.nodes), SIZE_PX)(REAL))[:, 0]
    np.testing.assert_allclose(again, source.scores(REAL), atol=1e-5)
