from pathlib import Path

import numpy as np
import pytest

from convert.checks.gates import Limits
from convert.to_tflite import main
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import LabelledPhoto, write_manifest

tf_keras = pytest.importorskip("tf_keras")
calibration_set = pytest.importorskip("convert.checks.calibration")


def _photos(malignant, other):
    labels = [True] * malignant + [False] * other
    return [
        LabelledPhoto(Path(f"{n}.png"), label, "train", str(n), False, {})
        for n, label in enumerate(labels)
    ]


@pytest.mark.parametrize(
    ("malignant", "passes"), [(50, True), (40, True), (39, False), (61, False)]
)
def test_both_classes_should_be_seen(malignant, passes):
    found = calibration_set.balance_finding(
        _photos(malignant, 100 - malignant), Limits()
    )
    assert found.passed == passes
    assert found.measured == min(malignant, 100 - malignant) / 100


@pytest.fixture(scope="module")
def model():
    given = tf_keras.Input((8, 8, 3))
    layers = tf_keras.layers
    inner = layers.Dense(1, use_bias=False, kernel_initializer="ones")(
        layers.Flatten()(given)
    )
    return tf_keras.Model(given, inner)


def test_halves_that_show_the_same_do_not_drift(model):
    images = np.repeat(np.random.default_rng(0).random((20, 8, 8, 3)), 2, axis=0)
    assert calibration_set.range_drift(model, np.float32(images)) == 0


def test_drift_is_the_share_by_which_a_range_is_narrower(model):
    levels = np.tile([0.0, 0.0, 1.0, 0.75], 10)
    images = np.float32(np.ones((40, 8, 8, 3)) * levels.reshape(-1, 1, 1, 1))
    found = calibration_set.drift_finding(model, images, Limits())
    assert found.measured == pytest.approx(0.25)
    assert not found.passed
    assert calibration_set.drift_finding(
        model, images, Limits(calibration_drift=0.26)
    ).passed


class TestCommand:
    @pytest.fixture
    def convert(self, trained_cnn32, drawn_manifest, tmp_path):
        """A function: convert with these words; the status and the folder."""

        def run(*words):
            out = tmp_path / "out"
            given = [
                str(trained_cnn32 / "model.keras"), "--manifest", str(drawn_manifest),
                "--recipe", "ptq_int8", "--out", str(out),
            ]  # fmt: skip
            return main([*given, *map(str, words)]), out / "cnn32.ptq_int8.tflite"

        return run

    @pytest.fixture
    def table(self, drawn_manifest, tmp_path):
        """A function: a manifest of some of the drawn photos, all called train."""

        def write(splits, most_benign=100):
            from edge_runtime.photos.manifest import photos_of, read_manifest

            photos = read_manifest(drawn_manifest)
            rows = [
                {
                    "path": str(photo.path),
                    "label": "malignant" if photo.malignant else "benign",
                    "split": "train",
                    # Another name, as if it were another lesion.
                    "lesion": f"renamed {photo.lesion}",
                }
                for split in splits
                for photo in photos_of(photos, split)
            ]
            benign = [row for row in rows if row["label"] == "benign"]
            rows = [row for row in rows if row not in benign[most_benign:]]
            path = tmp_path / "calibration.csv"
            write_manifest(path, rows)
            return path

        return write

    @pytest.mark.parametrize("split", ["test", "val"])
    def test_set_made_of_held_out_photos_is_refused(
        self, convert, table, split, capsys
    ):
        status, path = convert("--calibration", table([split]))
        assert (status, path.exists()) == (4, False)
        assert "shows the same file as" in capsys.readouterr().err
        # Nothing can accept it.
        every = [
            word for gate in ("calibration-balance", "calibration-drift")
            for word in ("--accept", gate)
        ]  # fmt: skip
        assert convert("--calibration", table([split]), *every)[0] == 4

    def test_set_of_training_photos_is_used(self, convert, table):
        status, path = convert("--calibration", table(["train"]))
        assert (status, path.exists()) == (0, True)

    def test_one_sided_set_needs_to_be_accepted(self, convert, table, capsys):
        one_sided = table(["train"], most_benign=3)
        words = ["--calibration", one_sided, "--max-calibration-drift", 1]
        status, path = convert(*words)
        assert (status, path.exists()) == (4, False)
        message = capsys.readouterr().err
        assert "30 of 33 calibration photos are malignant" in message
        assert "--accept calibration-balance" in message
        status, path = convert(*words, "--accept", "calibration-balance")
        assert (status, path.exists()) == (0, True)
        card = read_model_file(path).card
        assert card.provenance.accepted_gates == ("calibration-balance",)

    def test_failed_gate_leaves_a_report_and_no_file(self, convert, tmp_path, capsys):
        reports = tmp_path / "reports"
        status, path = convert("--max-auc-drop", -1, "--report", reports)
        assert (status, path.exists()) == (4, False)
        assert not list(path.parent.glob("*")) if path.parent.exists() else True
        assert "ptq_int8 lost" in capsys.readouterr().err
        assert {each.name for each in (reports / "cnn32.ptq_int8").iterdir()} == {
            "report.json", "scores.csv", "reliability.png"
        }  # fmt: skip
