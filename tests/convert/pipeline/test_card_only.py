import io
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from convert.pipeline.card_only import FEWEST_LEVELS
from convert.show import main as show
from convert.to_tflite import main
from convert.verify import main as verify
from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_interpreter
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels

SIZE_PX = 16


@pytest.fixture(scope="module")
def users_file(tmp_path_factory):
    """A function: a file of the user's own, that tells dark photos from bright ones.

    The drawn lesions of the malignant-like kind are darker, so this is no bad model.
    """
    tf = pytest.importorskip("tensorflow")

    def write(low, high, classes=2, malignant_index=1, *, int8=False, logit=False):
        gain = -8.0 / (high - low)
        middle = low + 0.66 * (high - low)

        def score(pixels):
            z = gain * 3 * (tf.reduce_mean(pixels, [1, 2, 3], keepdims=False) - middle)
            p = z if logit else tf.sigmoid(z)
            pair = [1 - p, p] if malignant_index else [p, 1 - p]
            return tf.stack(pair if classes == 2 else [p] * classes, axis=1)

        shape = tf.TensorSpec((1, SIZE_PX, SIZE_PX, 3), tf.float32)
        function = tf.function(score).get_concrete_function(shape)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
        if int8:
            ends = np.linspace(low, high, 32, dtype=np.float32)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [np.full((1, SIZE_PX, SIZE_PX, 3), level, np.float32)] for level in ends
            )
            converter.inference_input_type = tf.uint8
            converter.inference_output_type = tf.uint8
        path = tmp_path_factory.mktemp("user") / "mine.tflite"
        with warnings.catch_warnings():
            # TensorFlow's own: it ignores what the dataset makes needless.
            warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
            path.write_bytes(converter.convert())
        return path

    return write


@pytest.fixture
def carded(drawn_manifest, tmp_path):
    """A function: status of ``--card-only`` with these words, and the file's path."""

    def run(path, *words, told=True):
        out = tmp_path / "out"
        if told and "--input-range" not in words:
            words = (*words, "--input-range", "0..1")
        given = [str(path), "--card-only", "--manifest", str(drawn_manifest)]
        status = main([*given, "--out", str(out), "--terms", "mine", *words])
        return status, out / "mine.as_given.tflite"

    return run


def _scores(path, manifest, real):
    model = open_interpreter(path.read_bytes())
    photos = photos_of(read_manifest(manifest), "val")
    outputs = [
        model.infer(np.float32(real(load_pixels(photo.path, SIZE_PX))[np.newaxis]))
        for photo in photos
    ]
    return np.array(outputs), np.array([int(photo.malignant) for photo in photos])


@pytest.mark.parametrize(
    ("words", "low", "high", "real"),
    [
        ([], 0, 1, lambda pixels: pixels / 255),
        (["--input-range", "0..255"], 0, 255, lambda pixels: pixels * 1.0),
        (["--input-range", "-1..1"], -1, 1, lambda pixels: pixels / 127.5 - 1),
    ],
)
def test_card_measures_the_file_as_it_is(
    users_file, carded, drawn_manifest, words, low, high, real, capsys
):
    path = users_file(low, high)
    status, written = carded(path, *words)
    assert status == 0, capsys.readouterr().err
    card = read_model_file(written).card
    outputs, labels = _scores(path, drawn_manifest, real)
    assert card.accuracy[0].auc == pytest.approx(
        roc_auc_score(labels, outputs[:, 1]), abs=1e-3
    )
    found = (outputs[:, 1] >= card.threshold.score - 1e-6)[labels == 1].sum()
    assert found == card.threshold.recall.successes
    assert (card.name, card.recipe) == ("mine.as_given", "as_given")
    assert card.comparison.n == 0
    assert card.licence == "mine"


@pytest.mark.parametrize(("low", "word"), [(0, "0..1"), (-1, "-1..1")])
def test_range_of_an_integer_input_is_read_from_its_scale(
    users_file, carded, low, word, capsys
):
    status, written = carded(users_file(low, 1, int8=True), told=False)
    assert status == 0, capsys.readouterr().err
    facts = read_model_file(written).card.provenance.conversion
    assert facts["input_range"] == word
    assert facts["input_found"].startswith("read from the file: its input has scale")


def test_range_that_photos_do_not_tell_is_asked_for(users_file, carded, capsys):
    # Brightness alone is seen as well in -1..1 as in 0..1.
    status, written = carded(users_file(0, 1), told=False)
    assert (status, written.exists()) == (1, False)
    message = capsys.readouterr().err
    assert "Give --input-range" in message
    assert "--input-range -1..1" in message


@pytest.mark.parametrize("malignant_index", [0, 1])
def test_malignant_unit_is_cut_out(users_file, carded, drawn_manifest, malignant_index):
    path = users_file(0, 1, malignant_index=malignant_index)
    status, written = carded(path, "--malignant-index", str(malignant_index))
    assert status == 0
    outputs, _ = _scores(path, drawn_manifest, lambda pixels: pixels / 255)
    classifier = LesionClassifier.load(written)
    photos = photos_of(read_manifest(drawn_manifest), "val")
    given = [classifier.score(load_pixels(photo.path, SIZE_PX)) for photo in photos]
    np.testing.assert_allclose(given, outputs[:, malignant_index], atol=1e-6)


def test_int8_file_of_two_classes_works_with_every_tool(users_file, carded, capsys):
    status, written = carded(users_file(0, 1, int8=True))
    assert status == 0, capsys.readouterr().err
    assert verify([str(written)]) == 0
    assert show([str(written)]) == 0
    assert "not compared" in capsys.readouterr().out


def test_metadata_and_zip_of_others_are_replaced(users_file, carded):
    path = users_file(0, 1)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("labels.txt", "benign\nmalignant\n")
    path.write_bytes(path.read_bytes() + archive.getvalue())
    status, written = carded(path)
    assert status == 0
    assert read_model_file(written).labels == ("malignant",)


class TestRefused:
    def test_wrong_unit(self, users_file, carded, capsys):
        assert carded(users_file(0, 1), "--malignant-index", "0")[0] == 1
        message = capsys.readouterr().err
        assert "worse than chance" in message
        assert "--input-range" in message
        assert "--malignant-index" in message

    def test_wrong_range_of_an_int8_file(self, users_file, carded, capsys):
        status, written = carded(users_file(0, 1, int8=True), "--input-range", "0..255")
        assert (status, written.exists()) == (4, False)
        assert "--input-range is not the one" in capsys.readouterr().err

    def test_logits(self, users_file, carded, capsys):
        assert carded(users_file(0, 1, logit=True))[0] == 1
        assert "expected probabilities" in capsys.readouterr().err

    def test_more_classes(self, users_file, carded, capsys):
        assert carded(users_file(0, 1, classes=3))[0] == 1
        assert "gives 3 values" in capsys.readouterr().err

    def test_what_is_no_model(self, carded, tmp_path, capsys):
        path = tmp_path / "mine.tflite"
        path.write_bytes(b"not a model at all")
        assert carded(path)[0] == 1
        assert "expected a TFLite model" in capsys.readouterr().err

    def test_missing_file(self, carded, tmp_path, capsys):
        assert carded(tmp_path / "mine.tflite")[0] == 1
        assert "cannot be read" in capsys.readouterr().err


def test_levels_of_the_three_ranges_pass():
    # -1..1 in int8: a scale of 1/127.5 and zero point 0 rounds half levels in pairs.
    stored = np.rint((np.arange(256) - 127.5) / 127.5 / (1 / 127.5)).clip(-128, 127)
    assert len(np.unique(stored)) >= FEWEST_LEVELS
