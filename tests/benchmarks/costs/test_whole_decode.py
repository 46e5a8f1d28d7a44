"""Both ways of decoding, compared where it is known what comes out."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.costs import whole_decode
from benchmarks.costs.large_photos import enlarged
from benchmarks.costs.whole_decode import Difference, Settings, main, measure, table


def test_table_says_median_largest_and_other_decisions():
    text = table([Difference("one", (0.0, 0.1, 0.5), 2)])
    assert "| one | 0.1000 | 0.5000 | 2 of 3 |" in text


@pytest.fixture
def small_photos(monkeypatch):
    monkeypatch.setattr(
        whole_decode, "enlarged", lambda path, seed: enlarged(path, seed, 120, 90)
    )


def test_the_decoded_photo_is_compared_with_the_file(
    root, tmp_path, monkeypatch, small_photos
):
    def classify(photo):
        whole = isinstance(photo, np.ndarray)
        return SimpleNamespace(
            probability=0.25 if whole else 0.5, decision="a" if whole else "b"
        )

    card = SimpleNamespace(name="scripted")
    made = SimpleNamespace(classify=classify, card=card)
    monkeypatch.setattr(whole_decode, "chosen_models", lambda *_: {"one": tmp_path})
    monkeypatch.setattr(
        whole_decode, "LesionClassifier", SimpleNamespace(load=lambda *_, **__: made)
    )
    found = measure(Settings(tmp_path, root / "samples", 3))
    assert found == (Difference("scripted", (0.25, 0.25, 0.25), 3),)


@pytest.mark.slow
def test_a_photo_too_small_to_reduce_gets_one_answer(
    root, tmp_path, capsys, small_photos
):
    shutil.copy(root / "models/cnn32.qat_int8.tflite", tmp_path)
    words = ["--models", str(tmp_path), "--photos", str(root / "samples")]
    assert main([*words, "--count", "2"]) == 0
    said = capsys.readouterr().out
    assert "| cnn32.qat_int8 | 0.0000 | 0.0000 | 0 of 2 |" in said
    assert "not a medical device" in said
