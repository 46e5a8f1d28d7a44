import hashlib
from dataclasses import replace

import keras
import numpy as np
import pytest

from edge_runtime.model.file import read_model_file
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.manifest import photos_of, read_manifest
from training.augmentation.pipelines import strong
from training.distil import main, parse, teach
from training.fitting.batches import LARGEST_CACHED_PX, AugmentedPhotos, decoded_squares
from training.fitting.soft_labels import (
    TEACHERS_SHARE,
    Course,
    SoftLabelError,
    SoftLabels,
    mean_soft_labels,
    read_soft_labels,
    write_soft_labels,
)
from training.synthetic.dataset import draw_table

COURSE = Course("abc", "strong", seed=3, strong_views=4, mild_views=2)
FITTING = {"manifest_sha256": "abc", "photos": 6, "augmentation": "strong"}


def _soft_labels(value, course=COURSE):
    return SoftLabels(course, np.full((course.views, 6), value, np.float32))


@pytest.fixture
def squares():
    # Detail survives a strong change of scale; noise would not.
    return list(np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8))


@pytest.fixture
def photos(squares):
    return AugmentedPhotos(
        squares, np.array([0, 1] * 3), size_px=8, augmentation=strong, batch_size=6,
        seed=0, mild_from=5, soft_labels=_soft_labels(np.log(0.9 / 0.1)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose network says how red a photo of 16 px is, and a drawn table."""
    folder = tmp_path_factory.mktemp("teacher")
    inputs = keras.Input((16, 16, 3))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    outputs = keras.layers.Dense(1, activation="sigmoid", name="said")(mean)
    model = keras.Model(inputs, outputs)
    kernel = np.array([[4.0], [0.0], [0.0]], np.float32)
    model.get_layer("said").set_weights([kernel, np.zeros(1, np.float32)])
    model.save(folder / "model.keras")
    return folder, draw_table(folder / "photos", 8, 8, size_px=48)


def _words(run, manifest, *more):
    given = ["--manifest", str(manifest), "--strong-views", "2", "--mild-views", "1"]
    return [str(run), *given, *more]


class TestCourse:
    def test_epochs_go_through_the_views_over_and_over(self):
        seen = [COURSE.view_of_epoch(number, 7) for number in range(1, 12)]
        assert seen == [0, 1, 2, 3, 0, 1, 4, 5, 4, 5, 4]

    def test_every_size_sees_the_same_change(self, squares):
        large = np.repeat(np.repeat(squares[0], 16, axis=0), 16, axis=1)
        mild = [COURSE.pixels(large, 1, 5, size) for size in (8, 32)]
        averaged = mild[1].reshape(8, 4, 8, 4, 3).mean(axis=(1, 3))
        assert np.corrcoef(mild[0].ravel(), averaged.ravel())[0, 1] > 0.8

    def test_photos_and_views_differ(self, squares):
        seen = {
            COURSE.pixels(squares[0], index, view, 8).tobytes()
            for index in range(3)
            for view in range(6)
        }
        assert len(seen) > 12  # mild changes of so small a picture may coincide


class TestBatches:
    def test_carry_the_teachers_word_and_the_label(self, photos):
        (batch,) = photos.epoch(1)
        taught = TEACHERS_SHARE * 0.9
        expected = [taught] * 3 + [taught + 1 - TEACHERS_SHARE] * 3
        np.testing.assert_allclose(np.sort(batch.labels[:, 0]), expected, atol=1e-6)

    def test_show_the_view_that_was_judged_turned_or_mirrored(self, photos, squares):
        (batch,) = photos.epoch(2)
        views = [COURSE.pixels(square, i, 1, 8) for i, square in enumerate(squares)]
        forms = {
            np.ascontiguousarray(np.rot90(form, turn)).tobytes()
            for view in views
            for form in (view, view[:, ::-1])
            for turn in range(4)
        }
        for pixels in np.rint(batch.pixels * 255).astype(np.uint8):
            assert pixels.tobytes() in forms

    def test_are_weighed_by_the_label_not_by_the_word(self, photos):
        (batch,) = replace(photos, labels=np.array([0, 0, 0, 0, 0, 1])).epoch(1)
        np.testing.assert_allclose(
            np.sort(batch.weights[:, 0]), [0.6] * 5 + [3.0], rtol=1e-6
        )


class TestFiles:
    def test_are_read_as_written(self, tmp_path):
        write_soft_labels(tmp_path / "l.npz", _soft_labels(1.5))
        read = read_soft_labels(tmp_path / "l.npz")
        assert read.course == COURSE
        np.testing.assert_array_equal(read.logits, _soft_labels(1.5).logits)

    def test_mean_of_teachers_is_that_of_their_logits(self, tmp_path):
        for name, value in (("a", -2.0), ("b", 1.0)):
            write_soft_labels(tmp_path / name, _soft_labels(value))
        mean = mean_soft_labels([tmp_path / "a", tmp_path / "b"], **FITTING)
        np.testing.assert_array_equal(mean.logits, np.float32(-0.5))

    @pytest.mark.parametrize(
        "other",
        [{"manifest_sha256": "other"}, {"photos": 7}, {"augmentation": "none"}],
        ids=str,
    )
    def test_of_other_photos_are_refused(self, tmp_path, other):
        write_soft_labels(tmp_path / "l.npz", _soft_labels(0.0))
        with pytest.raises(SoftLabelError, match=r"l\.npz judges other photos"):
            mean_soft_labels([tmp_path / "l.npz"], **FITTING | other)

    def test_of_other_views_are_refused_together(self, tmp_path):
        write_soft_labels(tmp_path / "a", _soft_labels(0.0))
        write_soft_labels(tmp_path / "b", _soft_labels(0.0, replace(COURSE, seed=4)))
        with pytest.raises(SoftLabelError, match="judge other views"):
            mean_soft_labels([tmp_path / "a", tmp_path / "b"], **FITTING)

    def test_unfinished_are_refused(self, tmp_path):
        write_soft_labels(tmp_path / "l.npz", _soft_labels(np.nan))
        with pytest.raises(SoftLabelError, match="not finished"):
            mean_soft_labels([tmp_path / "l.npz"], **FITTING)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"words"])
    def test_broken_are_named(self, tmp_path, content):
        (tmp_path / "l.npz").write_bytes(content)
        with pytest.raises(SoftLabelError, match=r"l\.npz holds no soft labels"):
            read_soft_labels(tmp_path / "l.npz")

    def test_missing_are_named(self, tmp_path):
        with pytest.raises(SoftLabelError, match=r"training/distil\.py writes it"):
            read_soft_labels(tmp_path / "l.npz")


class TestTeach:
    @pytest.fixture
    def soft_labels(self, run):
        folder, manifest = run
        path = teach(parse(_words(folder, manifest)))
        yield read_soft_labels(path)
        path.unlink()

    def test_says_what_the_network_says_of_each_view(self, run, soft_labels):
        photos = photos_of(read_manifest(run[1]), "train")
        squares = decoded_squares(photos, LARGEST_CACHED_PX)
        for view in range(3):
            for index, square in enumerate(squares):
                seen = soft_labels.course.pixels(square, index, view, 16)
                red = 4 * seen[..., 0].mean() / 255
                # Float32 through a sigmoid and back.
                assert soft_labels.logits[view, index] == pytest.approx(red, abs=1e-4)

    def test_says_the_same_when_processes_share_the_photos(
        self, run, soft_labels, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("training.distil.PHOTOS_A_WORKER", 4)
        monkeypatch.setattr("training.distil.usable_cores", lambda: 2)
        folder, manifest = run
        out = tmp_path / "l.npz"
        shared = teach(parse(_words(folder, manifest, "--out", str(out))))
        np.testing.assert_array_equal(
            read_soft_labels(shared).logits, soft_labels.logits
        )

    def test_names_the_photos_it_judged(self, run, soft_labels):
        sha256 = hashlib.sha256(run[1].read_bytes()).hexdigest()
        assert soft_labels.course == Course(sha256, "strong", 0, 2, 1)

    def test_goes_on_with_the_views_that_are_missing(self, run, soft_labels):
        folder, manifest = run
        begun = SoftLabels(soft_labels.course, soft_labels.logits.copy())
        begun.logits[0] = 7.0
        begun.logits[2] = np.nan
        write_soft_labels(folder / "soft_labels.npz", begun)
        read = read_soft_labels(teach(parse(_words(folder, manifest))))
        np.testing.assert_array_equal(read.logits[0], 7.0)
        np.testing.assert_array_equal(read.logits[2], soft_labels.logits[2])

    def test_soft_labels_of_other_settings_are_kept(self, run, soft_labels, capsys):
        folder, manifest = run
        assert main(_words(folder, manifest, "--seed", "9")) == 1
        assert "other photos or views" in capsys.readouterr().err
        assert read_soft_labels(folder / "soft_labels.npz").course == soft_labels.course

    def test_folder_without_a_network_is_named(self, run, tmp_path, capsys):
        assert main(_words(tmp_path, run[1])) == 1
        assert "model.keras is missing" in capsys.readouterr().err

    def test_finished_file_teaches_as_it_is(self, run, root, tmp_path):
        file = root / "models" / "lesion32.qat_int8.tflite"
        manifest, out = run[1], tmp_path / "l.npz"
        soft_labels = read_soft_labels(
            teach(parse(_words(file, manifest, "--out", str(out))))
        )
        (square, *_) = decoded_squares(
            photos_of(read_manifest(manifest), "train"), LARGEST_CACHED_PX
        )
        model = open_model_file(read_model_file(file))
        seen = (
            soft_labels.course.pixels(square, 0, 1, 32)[None].astype(np.float32) / 255
        )
        score = model.output.restore(model.infer(model.input.store(seen)))[0]
        likely = 1 / (1 + np.exp(-soft_labels.logits[1, 0]))
        assert likely == pytest.approx(score.clip(1 / 512, 511 / 512), abs=1e-5)

    def test_file_needs_a_place_for_its_soft_labels(self, run, capsys):
        with pytest.raises(SystemExit) as stop:
            parse(_words("models/lesion32.qat_int8.tflite", run[1]))
        assert stop.value.code == 2
        assert "--out must say where" in capsys.readouterr().err

    def test_network_of_many_classes_cannot_teach(self, run, tmp_path, capsys):
        inputs = keras.Input((8, 8, 3))
        outputs = keras.layers.Dense(5)(keras.layers.Flatten()(inputs))
        keras.Model(inputs, outputs).save(tmp_path / "model.keras")
        assert main(_words(tmp_path, run[1])) == 1
        assert "expected one probability" in capsys.readouterr().err

    @pytest.mark.parametrize("option", ["--strong-views", "--mild-views"])
    def test_no_views_is_a_usage_error(self, run, option):
        with pytest.raises(SystemExit) as stop:
            parse(_words(*run, option, "0"))
        assert stop.value.code == 2
