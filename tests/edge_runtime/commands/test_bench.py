"""``bench``: one JSON object that says what was measured, and on what."""

import json

from PIL import Image

from edge_runtime.__main__ import main


def test_every_sample_is_kept_with_what_it_was_measured_on(
    model_path, classifier, drawn, tmp_path, capsys
):
    Image.fromarray(drawn()).save(tmp_path / "photo.png")
    words = ["--runs", "7", "--warmup", "1", "--photos", str(tmp_path)]
    assert main(["bench", str(model_path), "--json", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    measured = found["measurement"]
    assert measured["subject"]["model_sha256"] == classifier.card.model_sha256
    assert measured["machine_before"]["cores"] >= 1
    assert found["settings"]["threads"] >= 1
    timing = measured["timing"]
    for name in ("interpreter_ms", "photo_to_verdict_ms"):
        assert len(timing[name]) == 7
        assert min(timing[name]) > 0
    assert {len(samples) for samples in timing["stages_ms"].values()} == {7}
    assert "total" not in timing["stages_ms"]


def test_without_photos_nothing_is_said_about_them(model_path, classifier, capsys):
    assert main(["bench", str(model_path), "--json", "--runs", "2"]) == 0
    timing = json.loads(capsys.readouterr().out)["measurement"]["timing"]
    assert timing["photo_to_verdict_ms"] == []
    assert len(timing["interpreter_ms"]) == 2


def test_without_json_people_get_lines(model_path, classifier, drawn, tmp_path, capsys):
    Image.fromarray(drawn()).save(tmp_path / "photo.png")
    words = ["--runs", "3", "--warmup", "1", "--photos", str(tmp_path)]
    assert main(["bench", str(model_path), *words]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{model_path.stem} on ")
    for name in ("interpreter alone", "photo to verdict"):
        (line,) = (line for line in said.splitlines() if line.startswith(name))
        median, p90, p99 = map(float, line.removeprefix(name).split()[:3])
        assert 0 < median <= p90 <= p99
        assert line.endswith("of 3 runs")
    assert "decode" in said
    assert "MiB at most" in said
    assert "not a medical device" in said
