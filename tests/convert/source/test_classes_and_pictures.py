"""Models of several classes, of grey pictures, of any size, of a fixed batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from convert.errors import ConversionError
from convert.graph.fold_batch_norm import folded
from convert.graph.head import SHARE_LOGITS, SHARES
from convert.graph.input_rule import LUMA, InputRule
from convert.graph.nodes import built
from convert.source.model import class_positions, read_source
from convert.source.opaque_model import Whole
from convert.to_tflite import main, parse
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import (
    photos_of,
    read_manifest,
    write_manifest,
)
from edge_runtime.photos.preprocessing import load_pixels

layers = keras.layers
SIZE_PX = 16
REAL = np.random.default_rng(0).random((6, SIZE_PX, SIZE_PX, 3), np.float32)
REAL *= np.linspace(0.1, 1, 6, dtype=np.float32)[:, None, None, None]
NAMES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
WANTED = ("mel", "bcc", "akiec")


def _model(shape=(SIZE_PX, SIZE_PX, 3), units=1, activation="sigmoid", batch=None):
    given = keras.Input(shape, batch_size=batch)
    inner = layers.Conv2D(5, 3, activation="relu")(given)
    inner = layers.GlobalAveragePooling2D()(inner)
    model = keras.Model(given, layers.Dense(units, activation=activation)(inner))
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 0.5, x.shape) for x in model.get_weights()])
    return model


def _assert_same(source, expected):
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(source.scores(REAL), expected, atol=1e-6)
    again = built(folded(source.nodes), SIZE_PX)
    np.testing.assert_allclose(np.asarray(again(REAL))[:, 0], expected, atol=1e-5)
    whole = np.asarray(Whole(source)(tf.constant(REAL)))[:, 0]
    np.testing.assert_allclose(whole, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("activation", "kind"), [("softmax", SHARES), ("linear", SHARE_LOGITS)]
)
@pytest.mark.parametrize("saved", [False, True])
def test_shares_of_the_malignant_classes_are_added(activation, kind, saved, tmp_path):
    model = _model(units=7, activation=activation)
    path = tmp_path / ("net" if saved else "net.keras")
    model.export(path, verbose=False) if saved else model.save(path)
    source = read_source(path, rule=InputRule(), malignant_classes=WANTED, labels=NAMES)
    assert (source.head.kind, source.head.malignant) == (kind, (0, 1, 4))
    outputs = np.asarray(model(REAL), np.float64)
    if activation == "linear":
        outputs = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
    expected = outputs[:, [0, 1, 4]].sum(1)
    if saved:
        np.testing.assert_allclose(source.scores(REAL), expected, atol=1e-6)
        return
    _assert_same(source, expected)


@pytest.mark.parametrize(
    ("wanted", "labels", "message"),
    [
        (("mel",), (), "names in --labels"),
        (("7",), NAMES, "position from 0 to 6"),
        (("melanoma",), NAMES, "akiec, bcc"),
        (NAMES, NAMES, "names every class"),
        (("1",), NAMES[:5], "names 5 classes, but the model has 7"),
    ],
)
def test_classes_that_are_not_there_are_told(wanted, labels, message):
    with pytest.raises(ConversionError, match=message):
        class_positions(wanted, labels, 7)


def test_labels_come_from_a_file_or_the_command_line(tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(NAMES) + "\n")
    words = ["net.keras", "--manifest", "m.csv", "--malignant-classes", "mel, bcc"]
    for given in (str(tmp_path / "labels.txt"), ",".join(NAMES)):
        settings = parse([*words, "--labels", given])
        assert settings.labels == NAMES
        assert settings.malignant_classes == ("mel", "bcc")


def test_grey_models_get_the_luma(tmp_path):
    model = _model((SIZE_PX, SIZE_PX, 1))
    model.save(tmp_path / "net.keras")
    source = read_source(tmp_path / "net.keras", rule=InputRule("-1..1"))
    grey = (REAL @ np.array(LUMA, np.float32))[..., None] * 2 - 1
    _assert_same(source, np.asarray(model(grey))[:, 0])
    assert InputRule.of_facts(source.rule.facts) == source.rule


def test_models_of_any_size_need_to_be_told_theirs(tmp_path):
    model = _model((None, None, 3))
    model.save(tmp_path / "net.keras")
    with pytest.raises(ConversionError, match="--image-size"):
        read_source(tmp_path / "net.keras")
    source = read_source(tmp_path / "net.keras", rule=InputRule(), image_size=SIZE_PX)
    assert source.size_px == SIZE_PX
    _assert_same(source, np.asarray(model(REAL))[:, 0])


def test_models_of_a_fixed_batch_judge_any_number_of_photos(tmp_path):
    model = _model(batch=4)
    model.save(tmp_path / "net.keras")
    source = read_source(tmp_path / "net.keras", rule=InputRule())
    free = _model()
    free.set_weights(model.get_weights())
    expected = np.asarray(free(REAL))[:, 0]
    np.testing.assert_allclose(source.scores(REAL), expected, atol=1e-6)


@pytest.mark.slow
def test_a_file_of_several_classes_carries_their_names(
    trained_cnn32, drawn_manifest, tmp_path
):
    """A network of two classes, the malignant one split into two alike."""
    own = keras.models.load_model(trained_cnn32 / "model.keras", compile=False)
    kernel, bias = own.layers[-1].get_weights()
    features = own.layers[-1].input
    model = keras.Model(own.inputs, layers.Dense(3, activation="softmax")(features))
    half = bias - np.log(2)
    model.layers[-1].set_weights(
        [np.concatenate([kernel, 0 * kernel, kernel], 1), np.r_[half, 0, half]]
    )
    model.save(tmp_path / "net.keras")
    rows = [
        {
            "path": str(photo.path),
            "label": "malignant" if photo.malignant else "benign",
            "split": photo.split,
            "lesion": photo.lesion,
            "lesion_in_train": "0",
            "diagnosis": "mel [histo]" if photo.malignant else "nv",
        }
        for photo in read_manifest(drawn_manifest)
    ]
    write_manifest(tmp_path / "told.csv", rows)
    words = ["--manifest", str(tmp_path / "told.csv"), "--recipe", "ptq_int8"]
    words += ["--labels", "mel,nv,bcc", "--malignant-classes", "mel,bcc"]
    words += ["--accept", "recall-drop", "--input-range", "0..1"]
    assert main([str(tmp_path / "net.keras"), *words, "--out", str(tmp_path)]) == 0
    file = read_model_file(tmp_path / "net.ptq_int8.tflite")
    facts = file.card.provenance.conversion
    assert facts["malignant_classes"] == ["mel", "bcc"]
    assert facts["classes"] == ["mel", "nv", "bcc"]
    counted = facts["class_confusion"]
    assert {*facts["class_recall"]} == {"mel", "nv"}
    for name, total in (("mel", 60), ("nv", 60)):
        assert sum(counted[name].values()) == total
        assert facts["class_recall"][name] == f"{counted[name].get(name, 0)} of {total}"
    assert counted["nv"]["nv"] > 30
    photo = photos_of(read_manifest(drawn_manifest), "val")[0]
    pixels = load_pixels(photo.path, 32)
    opened = open_interpreter(file.model)
    found = float(opened.output.restore(opened.infer(pixels[None]))[0])
    assert found == pytest.approx(float(own(pixels[None] / 255.0)[0, 0]), abs=0.1)
