"""Models of others, as the command line meets them: the right file or a clear word."""

import functools

import keras
import numpy as np
import pytest

from convert.cards.golden_pictures import golden_pngs
from convert.to_tflite import main
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

layers = keras.layers


@pytest.fixture(scope="module", autouse=True)
def golden_pictures_drawn_once():
    with pytest.MonkeyPatch.context() as patched:
        once = functools.cache(golden_pngs)
        patched.setattr("convert.pipeline.steps.golden_pngs", once)
        yield


@pytest.fixture
def convert(drawn_manifest, tmp_path, capsys):
    """A function: convert a model with these words; status, message, file if any."""

    def run(model, *words, recipe="float32"):
        path = tmp_path / "net.keras"
        if isinstance(model, bytes):
            path.write_bytes(model)
        else:
            model.save(path)
        out = tmp_path / "out"
        given = [str(path), "--manifest", str(drawn_manifest), "--out", str(out)]
        status = main([*given, "--recipe", recipe, *words])
        files = list(out.glob("*.tflite"))
        return status, capsys.readouterr().err, files[0] if files else None

    return run


@pytest.fixture
def trained(trained_cnn32):
    """A network that tells the drawn classes apart."""
    return keras.models.load_model(trained_cnn32 / "model.keras", compile=False)


@pytest.fixture(scope="module")
def own_auc(trained_cnn32, drawn_manifest):
    """Of that network, fed by hand with pixels / 255 in the order red, green, blue."""
    model = keras.models.load_model(trained_cnn32 / "model.keras", compile=False)
    val = photos_of(read_manifest(drawn_manifest), "val")
    real = np.stack([load_pixels(x.path, 32) for x in val]).astype(np.float32) / 255
    return roc_auc(
        np.array([photo.malignant for photo in val]), np.asarray(model(real))[:, 0]
    )


def _with_first_kernel(model, change):
    first = next(x for x in model.layers if isinstance(x, layers.Conv2D))
    kernel, bias = first.get_weights()
    first.set_weights([change(kernel), bias])
    return model


def _ending_in(*outputs):
    given = keras.Input((16, 16, 3))
    flat = layers.Flatten()(given)
    return keras.Model(given, [layers.Dense(1)(flat) for _ in outputs])


def _softmax_of_300():
    given = keras.Input((16, 16, 3))
    flat = layers.Flatten()(given)
    return keras.Model(given, layers.Dense(300, activation="softmax")(flat))


def _lstm():
    given = keras.Input((16, 16, 3))
    rows = layers.Reshape((16, 48))(given)
    inner = layers.LSTM(8, name="memory")(rows)
    return keras.Model(given, layers.Dense(1, activation="sigmoid")(inner))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: b"PK\3\4 not a zip", ("is not a model that can be read",)),
        (lambda: _ending_in(*range(5)), ("5 outputs", "expected one probability")),
        (_softmax_of_300, ("300 classes", "put such a head on it")),
        (_lstm, ("memory (LSTM)", "crashed", "--recipe dynamic_int8")),
    ],
    ids=["corrupt", "five-outputs", "300-classes", "lstm"],
)
def test_what_cannot_be_fine_tuned_is_refused_in_words(convert, model, words):
    status, message, file = convert(model(), recipe="qat_int8")
    assert (status, file) == (1, None)
    assert message.count("error:") == 1
    assert "Traceback" not in message
    for word in words:
        assert word in message


def test_other_input_range_gives_the_same_file_but_for_the_card(
    convert, trained, own_auc
):
    bright = _with_first_kernel(trained, lambda kernel: kernel / 255)
    status, _, file = convert(bright, "--input-range", "0..255")
    assert status == 0
    card = read_model_file(file).card
    assert card.provenance.conversion["input_range"] == "0..255"
    assert card.comparison.auc_keras == pytest.approx(own_auc, abs=1e-6)
    assert card.comparison.auc_file == pytest.approx(own_auc, abs=1e-3)


def test_blue_first_gives_the_same_file_but_for_the_card(convert, trained, own_auc):
    bgr = _with_first_kernel(trained, lambda kernel: kernel[:, :, ::-1])
    status, _, file = convert(bgr, "--channel-order", "bgr")
    assert status == 0
    card = read_model_file(file).card
    assert card.provenance.conversion["channel_order"] == "bgr"
    assert card.comparison.auc_keras == pytest.approx(own_auc, abs=1e-6)
    assert card.comparison.auc_file == pytest.approx(own_auc, abs=1e-3)


def test_a_unit_for_benign_is_told_and_converted_as_such(convert, trained):
    kernel, bias = trained.layers[-1].get_weights()
    trained.layers[-1].set_weights([-kernel, -bias])
    status, message, file = convert(trained)
    assert (status, file) == (1, None)
    assert "worse than chance" in message
    assert "give --malignant-index 0 (AUC 0.9" in message
    status, _, file = convert(trained, "--malignant-index", "0")
    assert status == 0
    assert read_model_file(file).card.comparison.auc_file > 0.9


def test_a_score_that_is_no_number_is_traced_to_its_layer(convert, trained):
    last = trained.layers[-1]
    kernel, bias = last.get_weights()
    last.set_weights([kernel * np.nan, bias])
    status, message, file = convert(trained)
    assert (status, file) == (4, None)
    assert f"The weights of layer {last.name} hold it already" in message


def test_photos_that_judge_must_not_calibrate(
    convert, trained, drawn_manifest, tmp_path
):
    lines = drawn_manifest.read_text().splitlines(keepends=True)
    folder = drawn_manifest.parent
    table = folder / "calibration.csv"
    table.write_text(lines[0] + "".join(x for x in lines[1:] if ",test," in x))
    words = ("--calibration", str(table))
    status, message, file = convert(trained, *words, recipe="ptq_int8")
    table.unlink()
    assert (status, file) == (4, None)
    assert "belongs to the test split; value ranges may only come from" in message
