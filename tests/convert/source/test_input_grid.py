"""Ranges x places of scaling x formats: the right input or a question, nothing else."""

import keras
import numpy as np
import pytest
import tf_keras

from convert.errors import ConversionError
from convert.graph.input_rule import InputRule
from convert.quantize.recipes import RECIPES
from convert.source.input_decision import settled
from convert.source.model import read_source
from convert.source.options import SourceOptions
from convert.source.scoring import file_scores, read_photos
from convert.to_tflite import main
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import photos_of, read_manifest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5"),
]
SIZE_PX = 32
TORCH = InputRule("0..1", "rgb", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = InputRule("0..255", "bgr", (103.939, 116.779, 123.68))
NOT_SAID = SourceOptions(None)

# What the pixels are that somebody feeds to a model without any scaling inside.
OUTSIDE = {
    "0..1": InputRule("0..1"),
    "0..255": InputRule("0..255"),
    "-1..1": InputRule("-1..1"),
    "torch": TORCH,
    "caffe": CAFFE,
    "0..1 bgr": InputRule("0..1", "bgr"),
}


def _augmented(framework, given):
    layers = framework.layers
    flips = framework.Sequential(
        [layers.RandomFlip(), layers.RandomRotation(0.1), layers.GaussianNoise(0.1)]
    )
    return layers.Rescaling(1 / 255)(flips(given))


def _nested(framework, given):
    pixels = framework.Input((SIZE_PX, SIZE_PX, 3))
    scaled = framework.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    return framework.Model(pixels, scaled)(given)


# Where a model scales its pixels itself: the front, and what behind it is fed.
INSIDE = {
    "x / 255": (lambda f, x: x / 255.0, InputRule("0..1")),
    "Rescaling behind augmentation": (_augmented, InputRule("0..1")),
    "Rescaling behind Resizing": (
        lambda f, x: f.layers.Rescaling(1 / 255)(f.layers.Resizing(32, 32)(x)),
        InputRule("0..1"),
    ),
    "Rescaling behind CenterCrop": (
        lambda f, x: f.layers.Rescaling(1 / 255)(
            f.layers.CenterCrop(32, 32)(f.layers.ZeroPadding2D(4)(x))
        ),
        InputRule("0..1"),
    ),
    "a nested model": (_nested, InputRule("-1..1")),
    "preprocess_input, tf": (
        lambda f, x: f.applications.mobilenet_v2.preprocess_input(x),
        InputRule("-1..1"),
    ),
    "preprocess_input, torch": (
        lambda f, x: f.applications.densenet.preprocess_input(x),
        TORCH,
    ),
    "preprocess_input, caffe": (
        lambda f, x: f.applications.resnet50.preprocess_input(x),
        CAFFE,
    ),
    "Normalization": (
        lambda f, x: f.layers.Normalization(
            mean=[255 * m for m in TORCH.mean],
            variance=[(255 * s) ** 2 for s in TORCH.std],
        )(x),
        TORCH,
    ),
}  # fmt: skip
FORMATS = {
    "Keras 3 .keras": (keras, ".keras"),
    "Keras 3 .h5": (keras, ".h5"),
    "Keras 3 SavedModel": (keras, ""),
    "Keras 2 .keras": (tf_keras, ".keras"),
    "Keras 2 .h5": (tf_keras, ".h5"),
    "Keras 2 SavedModel": (tf_keras, ""),
}

SLICING, UNREADABLE = (
    "preprocess_input, caffe",
    [(keras, ".h5"), (tf_keras, ".keras")],
)
"""Keras 3 writes no Ellipsis into .h5, Keras 2 none into .keras."""


@pytest.fixture(scope="module")
def val(drawn_manifest):
    return read_photos(photos_of(read_manifest(drawn_manifest), "val"), SIZE_PX, "val")


@pytest.fixture(scope="module")
def train(drawn_manifest):
    rows = photos_of(read_manifest(drawn_manifest), "train")
    return read_photos(rows, SIZE_PX, "train")


@pytest.fixture(scope="module")
def weights(train):
    """Of a network that learnt the drawn classes from pixels / 255."""
    keras.utils.set_random_seed(1)
    model = _network(keras)
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
    turned = [train.real, train.real[:, ::-1], train.real[:, :, ::-1]]
    model.fit(
        np.concatenate(turned),
        np.tile(train.labels, 3).astype(np.float32),
        epochs=30,
        batch_size=16,
        verbose=0,
    )
    return model.get_weights()


@pytest.fixture(scope="module")
def expected(weights, val):
    """What every model here gives for the validation photos, fed as it wants."""
    model = _network(keras)
    model.set_weights(weights)
    scores = np.asarray(model(val.real))[:, 0]
    assert np.ptp(scores) > 0.6
    return scores


def _network(framework, front=None):
    layers = framework.layers
    given = framework.Input((SIZE_PX, SIZE_PX, 3))
    inner = given if front is None else front(framework, given)
    # Without padding, so that a shift of the pixels is a shift of its bias.
    inner = layers.Conv2D(8, 3, strides=2, activation="relu")(inner)
    inner = layers.Conv2D(16, 3, activation="relu")(layers.MaxPooling2D()(inner))
    inner = layers.Dense(12, activation="relu")(layers.Flatten()(inner))
    return framework.Model(given, layers.Dense(1, activation="sigmoid")(inner))


def _fed(weights, rule):
    """The same network for pixels as ``rule`` has them."""
    kernel, bias, *others = (np.asarray(x, np.float64) for x in weights)
    turned = kernel[:, :, ::-1] if rule.channel_order == "bgr" else kernel
    gain, shift = (np.broadcast_to(x, 3)[:, None] for x in (rule.gain, rule.shift))
    return [turned / gain, bias - (turned / gain * shift).sum((0, 1, 2)), *others]


def _saved(framework, suffix, folder, weights, rule, front=None):
    model = _network(framework, front)
    if front is INSIDE[SLICING][0] and (framework, suffix) in UNREADABLE:
        pytest.skip("Keras itself cannot write, or read, x[..., ::-1] in this format")
    fed = _fed(weights, rule)
    fixed = len(model.get_weights()) - len(fed)
    model.set_weights([*model.get_weights()[:fixed], *fed])
    path = folder / f"net{suffix}"
    if suffix:
        model.save(path)
    elif framework is keras:
        model.export(path, verbose=False)
    else:
        model.save(path, save_format="tf")
    return path


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("place", INSIDE)
def test_scaling_inside_is_read_from_the_graph(
    kind, place, weights, val, expected, tmp_path
):
    front, rule = INSIDE[place]
    path = _saved(*FORMATS[kind], tmp_path, weights, rule, front)
    if (front, kind) == (_augmented, "Keras 3 SavedModel"):
        # Keras exports the layers of a nested model as if for training.
        with pytest.raises(ConversionError, match="draws random numbers"):
            read_source(path)
        return
    source = settled(read_source(path), val, NOT_SAID)
    assert source.rule_found.startswith("read from the model")
    assert source.rule == InputRule("0..255")
    np.testing.assert_allclose(source.scores(val.real), expected, atol=2e-3)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("fed", OUTSIDE)
def test_scaling_outside_is_decided_by_photos_or_asked_for(
    kind, fed, weights, val, expected, tmp_path
):
    path = _saved(*FORMATS[kind], tmp_path, weights, OUTSIDE[fed])
    source = read_source(path)
    assert source.rule_found == ""
    try:
        source = settled(source, val, NOT_SAID)
    except ConversionError as question:
        assert "Give the options of the line that is right" in str(question)
        assert f"{OUTSIDE[fed].options} " in str(question)
        return
    assert source.rule_found.startswith("tried on 120 validation photos: AUC")
    np.testing.assert_allclose(source.scores(val.real), expected, atol=2e-3)


def test_photos_decide_most_of_the_ranges(weights, val, tmp_path):
    """A question is right where they cannot tell; always asking would be no answer."""
    decided = []
    for fed, rule in OUTSIDE.items():
        path = _saved(keras, ".keras", tmp_path, weights, rule)
        try:
            source = settled(read_source(path), val, NOT_SAID)
        except ConversionError:
            continue
        assert source.rule == rule
        decided.append(fed)
    assert len(decided) >= 3, decided


CASES = {
    **{name: (rule, front) for name, (front, rule) in INSIDE.items()},
    **{name: (rule, None) for name, rule in OUTSIDE.items()},
}


@pytest.mark.long
@pytest.mark.parametrize("recipe", ["float32", "ptq_int8"])
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_the_whole_grid_gives_the_right_file_or_a_question(
    case, kind, recipe, weights, val, expected, drawn_manifest, tmp_path, capsys
):
    rule, front = CASES[case]
    path = _saved(*FORMATS[kind], tmp_path, weights, rule, front)
    words = ["--manifest", str(drawn_manifest), "--recipe", recipe]
    status = main([str(path), *words, "--out", str(tmp_path / "out")])
    message = capsys.readouterr().err
    if status:
        assert status in (1, 4)
        asked = ("Give the options of the line", "--accept", "draws random numbers")
        assert any(words in message for words in asked)
        return
    file = read_model_file(tmp_path / "out" / f"net.{recipe}.tflite")
    found = file_scores(open_interpreter(file.model), val)
    most = RECIPES[recipe].max_score_change
    assert np.abs(found - expected).mean() <= most
    assert file.card.provenance.conversion["input_found"]
