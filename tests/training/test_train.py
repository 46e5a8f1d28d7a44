import re

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from edge_runtime.photos.manifest import photos_of, read_manifest, write_manifest
from training.fitting import cycles
from training.fitting.batches import AugmentedPhotos, labels_of, model_inputs
from training.fitting.record import TrainingRecord, file_sha256
from training.networks.designs import NETWORKS, Network
from training.networks.published_cnn import build
from training.synthetic.dataset import draw_table
from training.train import main

pytestmark = pytest.mark.usefixtures("deterministic")

TINY = Network("tiny16", 16, (8, 4, 4, 4), first_kernel=2, branches=2)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """A drawn table whose test photos cannot be opened: training must not need them."""
    folder = tmp_path_factory.mktemp("drawn")
    path = draw_table(folder, 50, 50, size_px=40, val_share=0.3, test_share=0.1, seed=1)
    for photo in photos_of(read_manifest(path), "test"):
        photo.path.write_bytes(b"sealed")
    return path


@pytest.fixture(scope="module")
def words(manifest):
    """A function that gives the command line of a short run."""

    def command(out, *, network="cnn32", epochs=12, **options):
        options = {"network": network, "epochs": epochs, "batch-size": 5} | options
        flags = [word for name, value in options.items() for word in (name, value)]
        named = [
            f"--{word}" if position % 2 == 0 else str(word)
            for position, word in enumerate(flags)
        ]
        return ["--manifest", str(manifest), "--out", str(out), *named]

    return command


@pytest.fixture(scope="module")
def record(trained_cnn32):
    return TrainingRecord.read(trained_cnn32 / "training.json")


@pytest.fixture(scope="module")
def model(trained_cnn32):
    return keras.models.load_model(trained_cnn32 / "model.keras", compile=False)


@pytest.fixture(scope="module")
def auc(model, drawn_manifest):
    """The saved model's on the validation photos, by another's arithmetic."""
    val = photos_of(read_manifest(drawn_manifest), "val")
    scores = np.asarray(model(model_inputs(val, 32)))[:, 0]
    return roc_auc_score(labels_of(val), scores)


def _weights(path):
    return keras.models.load_model(path, compile=False).get_weights()


class TestFinishedRun:
    def test_leaves_model_record_curves_and_settings(self, trained_cnn32):
        names = {path.name for path in trained_cnn32.iterdir()}
        assert names == {"model.keras", "training.json", "curves.png", "settings.json"}

    def test_model_has_learnt_to_tell_the_classes_apart(self, auc):
        # Guessing reaches 0.7 on 60 + 60 photos once in 10,000 times.
        assert auc > 0.7

    def test_record_tells_the_saved_models_own_auc(self, record, auc):
        # A few of 60 x 60 pairs may change where rounding makes or breaks a tie.
        assert record.validation["auc"] == pytest.approx(auc, abs=3 / 60**2)

    def test_model_is_the_network_as_published(self, model):
        expected = build(NETWORKS["cnn32"])
        assert [layer.name for layer in model.layers] == [
            layer.name for layer in expected.layers
        ]
        assert model.count_params() == 94_378

    def test_record_holds_what_is_needed_to_run_it_again(self, record, drawn_manifest):
        assert record.network == "cnn32"
        assert record.settings["manifest"] == str(drawn_manifest)
        assert (record.settings["seed"], record.settings["epochs"]) == (0, 12)
        assert record.settings["augmentation"] == "strong"
        assert record.manifest_sha256 == file_sha256(drawn_manifest)
        assert record.tools["keras"] == keras.__version__
        assert record.tools["backend"] == keras.backend.backend()
        assert re.fullmatch(r"[0-9a-f]{12}(\+dirty)?|unknown", record.commit)
        assert (record.n_train, record.n_val) == (60, 120)
        assert record.parameters == 94_378
        assert record.seconds > 0

    def test_record_holds_the_history_and_its_best_epoch(self, record):
        (history,) = record.history
        assert [line["epoch"] for line in history] == list(range(1, len(history) + 1))
        aucs = [line["val_auc"] for line in history]
        assert record.best_epochs == [1 + int(np.argmax(aucs))]

    def test_curves_are_a_picture(self, trained_cnn32):
        with Image.open(trained_cnn32 / "curves.png") as picture:
            assert picture.format == "PNG"
            picture.verify()

    def test_folder_is_not_trained_into_again(self, trained_cnn32, words, capsys):
        before = (trained_cnn32 / "model.keras").read_bytes()
        assert main(words(trained_cnn32)) == 1
        assert "model.keras is there already" in capsys.readouterr().err
        assert (trained_cnn32 / "model.keras").read_bytes() == before


class TestStartingFromAFinishedRun:
    def test_goes_on_from_its_weights(self, trained_cnn32, model, words, tmp_path):
        out = tmp_path / "on"
        given = {"start": trained_cnn32, "learning-rate": 1e-9}
        assert main(words(out, epochs=1, **given)) == 0
        after = keras.models.load_model(out / "model.keras", compile=False)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
                for before, now in zip(
                    layer.get_weights(),
                    after.get_layer(layer.name).get_weights(),
                    strict=True,
                ):
                    np.testing.assert_allclose(now, before, atol=1e-6)
        record = TrainingRecord.read(out / "training.json")
        assert record.settings["start"] == str(trained_cnn32)

    def test_run_of_another_network_is_refused(
        self, trained_cnn32, words, tmp_path, capsys
    ):
        given = words(tmp_path / "on", network="separable32", start=trained_cnn32)
        assert main(given) == 1
        assert "is not a separable32" in capsys.readouterr().err

    def test_missing_run_is_named(self, words, tmp_path, capsys):
        given = words(tmp_path / "on", start=tmp_path / "nowhere")
        assert main(given) == 1
        assert "expected the folder of a finished run" in capsys.readouterr().err


def test_wrong_weights_are_told_of_before_photos_are_decoded(
    words, tmp_path, monkeypatch, capsys
):
    def decode(*_):
        raise AssertionError("photos were decoded")

    monkeypatch.setattr(cycles, "decoded_squares", decode)
    given = words(tmp_path / "run", network="mobileneta25_64", weights="nowhere.h5")
    assert main(given) == 1
    assert "the weights nowhere.h5 are missing" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.fixture
def tiny_network(monkeypatch):
    """Two branches that train in seconds, in the table of networks."""
    monkeypatch.setitem(NETWORKS, TINY.name, TINY)


@pytest.fixture(scope="module")
def whole(deterministic, words, tmp_path_factory):
    """Folder of a run of three cycles, of which the last two became branches."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(NETWORKS, TINY.name, TINY)
        # Three epochs of 60 photos teach 16 pixels nothing, which the status says.
        assert main(words(out, network=TINY.name, epochs=3, cycles=3)) == 4
    return out


@pytest.fixture
def stop_before(words, tmp_path, monkeypatch):
    """A function: run three cycles until just before an epoch; gives the folder.

    The first cycle has 3 epochs, the others their share of them, 1.
    """

    def stop(epochs):
        epoch, out, started = AugmentedPhotos.epoch, tmp_path / "stopped", []

        def interrupting(photos, number):
            started.append(number)
            if len(started) == epochs:
                raise KeyboardInterrupt
            return epoch(photos, number)

        with monkeypatch.context() as patched:
            patched.setattr(AugmentedPhotos, "epoch", interrupting)
            assert main(words(out, network="tiny16", epochs=3, cycles=3)) == 130
        return out

    return stop


def test_network_no_better_than_chance_is_written_all_the_same(whole):
    assert (whole / "model.keras").is_file()
    assert TrainingRecord.read(whole / "training.json").validation["auc"] < 0.6


@pytest.mark.usefixtures("tiny_network")
class TestStoppedRun:
    def test_says_how_to_go_on(self, stop_before, capsys):
        out = stop_before(1)
        assert "same command again to resume" in capsys.readouterr().err
        assert not (out / "model.keras").exists()

    def test_goes_on_to_the_very_same_model(self, stop_before, words, whole):
        out = stop_before(4)
        assert main(words(out, network="tiny16", epochs=3, cycles=3)) == 4
        first = TrainingRecord.read(whole / "training.json")
        second = TrainingRecord.read(out / "training.json")
        assert [len(history) for history in first.history] == [3, 1, 1]
        assert first.history == second.history
        assert first.validation == second.validation
        for one, other in zip(
            _weights(whole / "model.keras"), _weights(out / "model.keras"), strict=True
        ):
            np.testing.assert_array_equal(one, other)

    def test_does_not_go_on_with_other_settings(self, stop_before, words, capsys):
        out = stop_before(1)
        before = {path: path.read_bytes() for path in out.iterdir()}
        assert main(words(out, network="tiny16", epochs=4, cycles=3)) == 1
        told = capsys.readouterr().err
        assert f"error: {out} holds an unfinished run" in told
        assert "other settings: epochs was 3, now 4." in told
        assert {path: path.read_bytes() for path in out.iterdir()} == before


class TestBadInput:
    @pytest.fixture
    def refused(self, words, tmp_path, capsys):
        """A function: train on another manifest, write nothing, give the message."""

        def attempt(manifest):
            out = tmp_path / "out"
            given = ["--manifest", str(manifest), *words(out)[2:]]
            assert main(given) == 1
            assert not out.exists()
            return capsys.readouterr().err

        return attempt

    @pytest.fixture
    def changed(self, manifest):
        """A function that writes a manifest beside the other one, rows changed."""

        def write(keep):
            photos = [photo for photo in read_manifest(manifest) if keep(photo)]
            rows = [
                {
                    "path": photo.path.relative_to(manifest.parent).as_posix(),
                    "label": "malignant" if photo.malignant else "benign",
                    "split": photo.split,
                    "lesion": photo.lesion,
                    "lesion_in_train": "0",
                }
                for photo in photos
            ]
            path = manifest.with_name("changed.csv")
            write_manifest(path, rows)
            return path

        return write

    def test_missing_manifest(self, refused, tmp_path):
        assert "nowhere.csv" in refused(tmp_path / "nowhere.csv")

    def test_one_class_only(self, refused, changed):
        message = refused(changed(lambda photo: photo.malignant))
        assert "needs malignant and benign photos" in message

    @pytest.mark.parametrize("split", ["train", "val"])
    def test_one_class_only_in_a_split(self, refused, changed, split):
        table = changed(lambda photo: photo.malignant or photo.split != split)
        assert f"malignant and benign photos in its {split} split" in refused(table)

    def test_no_photos_to_choose_the_epoch_by(self, refused, changed):
        table = changed(lambda photo: photo.split != "val")
        assert "in its val split" in refused(table)
