"""A photo goes in, a verdict comes out; from any source, from any thread."""

import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import ModelFileError, PhotoError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.photos.preprocessing import preprocess

# Classifies with TensorFlow made impossible to import, and tells what was imported.
WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None
import numpy as np
from edge_runtime import LesionClassifier
verdict = LesionClassifier.load(sys.argv[1]).classify(sys.argv[2])
heavy = {"tensorflow", "keras", "tf_keras", "scipy", "sklearn", "matplotlib"}
assert not {name for name in heavy & set(sys.modules) if sys.modules[name]}
print(verdict.probability)
"""


def test_a_verdict_says_what_the_score_means(classifier, drawn):
    image, card = drawn(), classifier.card
    verdict = classifier.classify(image)
    score = classifier.score(preprocess(image, card.input.size_px))
    assert verdict.probability == calibrated(score, card.temperature)
    assert verdict.threshold == card.threshold.probability
    assert verdict.label == ("malignant" if score >= card.threshold.score else "other")
    assert verdict.model == card.name
    assert verdict.model_sha256 == card.model_sha256


def test_the_score_is_what_the_interpreter_gives_for_the_pixels(classifier, drawn):
    spec, model = classifier.card.input, classifier.model
    pixels = preprocess(drawn(), spec.size_px)
    real = (pixels.astype(np.float64) - spec.mean) / spec.std
    expected = model.output.restore(model.infer(model.input.store(real)[np.newaxis]))
    assert classifier.score(pixels) == expected[0]


def test_pixels_that_lie_otherwise_in_memory_have_the_same_score(classifier, drawn):
    size_px = classifier.card.input.size_px
    pixels = preprocess(drawn(size_px, size_px), size_px)
    turned = np.asfortranarray(pixels)
    assert classifier.score(turned) == classifier.score(pixels)
    assert classifier.score(pixels[:, ::-1]) == classifier.score(
        np.ascontiguousarray(pixels[:, ::-1])
    )


def test_all_sources_give_the_same_verdict(classifier, drawn, encoded, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(drawn(), "PNG"))
    sources = (
        path,
        str(path),
        path.read_bytes(),
        io.BytesIO(path.read_bytes()),
        Image.open(path),
        drawn(),
    )
    verdicts = [classifier.classify(source) for source in sources]
    assert len({verdict.probability for verdict in verdicts}) == 1
    assert verdicts[0].photo == str(path)


def test_timings_add_up(classifier, drawn, encoded):
    timings_ms = dict(classifier.classify(encoded(drawn(), "JPEG")).timings_ms)
    total_ms = timings_ms.pop("total")
    assert [*timings_ms] == ["decode", "resize", "quantise", "invoke", "decide"]
    assert min(timings_ms.values()) > 0
    assert sum(timings_ms.values()) == pytest.approx(total_ms)


def test_an_unusable_photo_is_a_verdict(classifier):
    verdict = classifier.classify(np.zeros((200, 200, 3), np.uint8))
    assert verdict.decision == "unusable photo"
    assert verdict.label is None
    assert 0 < verdict.probability < 1


def test_a_small_photo_is_a_verdict_with_a_finding(classifier, drawn):
    verdict = classifier.classify(drawn(20, 24))
    assert "small" in [finding.name for finding in verdict.findings]
    assert verdict.decision in ("investigate", "uncertain", "monitor")


def test_a_bad_photo_is_an_error(classifier, tmp_path):
    with pytest.raises(PhotoError, match=r"nowhere\.jpg"):
        classifier.classify(tmp_path / "nowhere.jpg")


@pytest.mark.parametrize(
    ("shape", "dtype"), [((8, 8, 3), np.uint8), (None, np.float32)]
)
def test_pixels_of_another_shape_or_type_have_no_score(classifier, shape, dtype):
    expected = classifier.model.input_shape[1:]
    with pytest.raises(ValueError, match="expected pixels of shape"):
        classifier.score(np.zeros(shape or expected, dtype))


def test_many_threads_get_what_one_thread_gets(classifier, drawn, encoded):
    photos = [
        encoded(drawn(seed=seed, skin=(60 + 20 * seed, 90, 80)), "JPEG")
        for seed in range(8)
    ]
    expected = [classifier.classify(photo).probability for photo in photos]
    assert len(set(expected)) > 1
    together = threading.Barrier(8)

    def classify_all(_):
        together.wait()
        return [classifier.classify(photo).probability for photo in photos * 3]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(classify_all, range(8)):
            assert found == expected * 3


def test_tensorflow_is_not_needed(model_path, drawn, encoded, tmp_path, classifier):
    photo = tmp_path / "photo.png"
    photo.write_bytes(encoded(drawn(), "PNG"))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, model_path, photo],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == classifier.classify(photo).probability


def test_a_damaged_model_never_reaches_an_interpreter(made_model, monkeypatch):
    damaged = bytearray(made_model.read_bytes())
    damaged[50] ^= 1
    made_model.write_bytes(damaged)
    monkeypatch.setattr(
        "edge_runtime.classifier.open_at_best",
        lambda *_, **__: pytest.fail("an interpreter saw it"),
    )
    with pytest.raises(ModelFileError, match=r"made\.tflite"):
        LesionClassifier.load(made_model)


def test_a_score_that_is_no_score_is_an_error(classifier, monkeypatch):
    def hollow(_):
        return np.array([np.nan], np.float32)

    monkeypatch.setattr(classifier.model, "infer", hollow)
    monkeypatch.setattr(
        type(classifier.model.output), "restore", lambda _, stored: stored
    )
    pixels = np.zeros(classifier.model.input_shape[1:], np.uint8)
    with pytest.raises(ModelFileError, match="gave the score nan"):
        classifier.score(pixels)
