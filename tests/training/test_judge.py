import numpy as np
import pytest

from edge_runtime.model.answers import vector
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from training.datasets.questions import COMPLETE, QUESTION_SETS, slots_of_set
from training.judge import main
from training.synthetic.dataset import draw_table

keras = pytest.importorskip("keras")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return draw_table(tmp_path_factory.mktemp("photos"), 6, 6, size_px=32)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder of a run: mean colours, four hidden units, one probability."""
    folder = tmp_path_factory.mktemp("run")
    given = keras.Input((16, 16, 3))
    inner = keras.layers.GlobalAveragePooling2D()(given)
    inner = keras.layers.Dense(4, activation="relu")(inner)
    score = keras.layers.Dense(1, activation="sigmoid")(inner)
    keras.Model(given, score).save(folder / "model.keras")
    return folder


def test_scores_are_the_models_and_features_give_them_back(run, table, tmp_path):
    out = tmp_path / "judged.npz"
    given = ["--manifest", str(table), "--split", "val", "--out", str(out)]
    assert main([str(run), *given]) == 0
    judged = np.load(out)
    photos = photos_of(read_manifest(table), "val")
    assert list(judged["path"]) == [str(photo.path) for photo in photos]
    model = keras.models.load_model(run / "model.keras", compile=False)
    pixels = np.stack([load_pixels(photo.path, 16) for photo in photos]) / 255
    expected = keras.ops.convert_to_numpy(model(np.float32(pixels)))[:, 0]
    np.testing.assert_allclose(judged["score"], expected, rtol=1e-5)
    kernel, bias = model.layers[-1].get_weights()
    logits = judged["features"] @ kernel[:, 0] + bias[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, rtol=1e-4)


def test_a_folder_without_a_run_is_refused(table, tmp_path, capsys):
    given = ["--manifest", str(table), "--out", str(tmp_path / "a.npz")]
    assert main([str(tmp_path), *given]) == 1
    assert "expected the folder of a finished run" in capsys.readouterr().err
    assert not (tmp_path / "a.npz").exists()


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    """Folder of a run whose network says the age, and half where it is unknown."""
    questions = QUESTION_SETS[COMPLETE]
    folder = tmp_path_factory.mktemp("asking")
    pixels = keras.Input((16, 16, 3))
    answers = keras.Input((slots_of_set(COMPLETE),), name="answers")
    inner = keras.layers.GlobalAveragePooling2D()(pixels)
    inner = keras.layers.Concatenate()([inner, answers])
    last = keras.layers.Dense(1, activation="sigmoid")
    model = keras.Model([pixels, answers], last(inner))
    kernel = np.zeros((3 + len(vector(questions)), 1), np.float32)
    kernel[3] = 1
    last.set_weights([kernel, np.zeros(1, np.float32)])
    model.save(folder / "model.keras")
    return folder


def test_each_answer_is_hidden_in_turn(asking, table, tmp_path):
    rows = [
        line + (",age,itch" if number == 0 else ",60,yes")
        for number, line in enumerate(table.read_text().splitlines())
    ]
    told = table.with_name("told.csv")
    told.write_text("\n".join(rows) + "\n")
    out = tmp_path / "judged.npz"
    assert main([str(asking), "--manifest", str(told), "--out", str(out)]) == 0
    judged = np.load(out)
    known, unknown = 1 / (1 + np.exp(-0.5)), 0.5
    np.testing.assert_allclose(judged["score"], known, rtol=1e-5)
    np.testing.assert_allclose(judged["score_without_itch"], known, rtol=1e-5)
    np.testing.assert_allclose(judged["score_without_age"], unknown, rtol=1e-5)
    np.testing.assert_allclose(judged["score_without_all"], unknown, rtol=1e-5)
    assert len(judged["features"]) == len(judged["score"])


def test_answers_that_the_manifest_lacks_are_asked_for(asking, table, tmp_path, capsys):
    given = ["--manifest", str(table), "--out", str(tmp_path / "a.npz")]
    assert main([str(asking), *given]) == 1
    assert "tells nothing about its lesions" in capsys.readouterr().err
