"""``bench``: one JSON object that says what was measured, and on what."""

import json

import numpy as np
from PIL import Image

from edge_runtime.__main__ import main


def test_samples_and_their_summary_agree(
    model_path, classifier, drawn, tmp_path, capsys
):
    Image.fromarray(drawn()).save(tmp_path / "photo.png")
    words = ["--runs", "7", "--warmup", "1", "--photos", str(tmp_path)]
    assert main(["bench", str(model_path), *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model_sha256"] == classifier.card.model_sha256
    assert found["machine"]["cores"] >= 1
    for name in ("interpreter_ms", "photo_to_verdict_ms"):
        samples = found[name]["samples"]
        assert len(samples) == 7
        assert found[name]["median"] == np.median(samples)
        assert 0 < min(samples) <= found[name]["p95"] <= max(samples)


def test_without_photos_nothing_is_said_about_them(model_path, classifier, capsys):
    assert main(["bench", str(model_path), "--runs", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["photo_to_verdict_ms"] is None
