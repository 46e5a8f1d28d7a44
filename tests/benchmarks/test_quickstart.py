import shutil

import pytest

from benchmarks import quickstart
from benchmarks.measure.plan import chosen_models
from benchmarks.quickstart import cautions, narrow_table, unusable_photos, verdict_table
from benchmarks.text.tables import text_table
from edge_runtime.model.evidence import headline
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import UNUSABLE, Verdict

pytest.importorskip("plotly", reason="the page holds Plotly's script")


@pytest.fixture
def arguments(model_path, root, tmp_path):
    """One model on all drawn photos, timed five times."""
    (tmp_path / "models").mkdir()
    shutil.copy(model_path, tmp_path / "models" / "good.float32.tflite")
    return [
        *("--models", str(tmp_path / "models")),
        *("--samples", str(root / "samples")),
        *("--out", str(tmp_path / "out")),
        *("--runs", "5"),
    ]


def test_every_drawn_photo_has_its_row(arguments, root, tmp_path, capsys):
    assert quickstart.main(arguments) == 0
    shown = capsys.readouterr().out
    samples = [p.name for p in (root / "samples").iterdir() if p.suffix != ".md"]
    assert samples
    assert all(name in shown for name in samples)
    assert "unusable: blank_unusable.png" in shown
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "not a medical device" in page
    assert all(name.split("_")[0] in page for name in samples)


def test_recall_and_specificity_are_those_of_the_card(arguments, model_path, capsys):
    quickstart.main(arguments)
    shown = capsys.readouterr().out
    stated = headline(read_model_file(model_path).card.accuracy)
    assert f"{stated.recall.value:.3f}" in shown
    assert f"{stated.specificity.value:.3f}" in shown
    assert f"{stated.photos} (from the card)" in shown.replace("\n", " ")


def test_bad_models_and_photos_are_named_and_the_rest_goes_on(
    arguments, root, tmp_path, capsys
):
    (tmp_path / "models" / "broken.float32.tflite").write_bytes(b"no model")
    samples = tmp_path / "photos"
    samples.mkdir()
    shutil.copy(root / "samples" / "drawn_tone1_even.png", samples)
    (samples / "torn.png").write_bytes(b"no picture")
    assert quickstart.main([*arguments, "--samples", str(samples)]) == 3
    shown = capsys.readouterr()
    assert "broken.float32.tflite" in shown.err
    assert "torn.png" in shown.err
    assert "cannot be read" in shown.out
    assert "drawn_tone1_even.png" in shown.out


def test_no_model_that_works_is_an_error(tmp_path, root, capsys):
    (tmp_path / "a.tflite").write_bytes(b"no model")
    words = ["--models", str(tmp_path), "--samples", str(root / "samples")]
    assert quickstart.main([*words, "--out", str(tmp_path / "out")]) == 1
    assert "no model could judge a photo" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


BLANK = Finding("uniform", 0.0, 0.02, unusable=True, message="shows one even area")


def verdict(photo, decision, findings=()):
    return Verdict(
        photo, 0.8, 0.4, "malignant", decision, "", None, {}, findings, {}, "m", "ab"
    )


VERDICTS = {
    "a.png": {"m": verdict("a.png", "investigate")},
    "blank.png": {"m": verdict("blank.png", UNUSABLE, (BLANK,))},
    "torn.png": {},
}


def test_each_photo_has_a_decision_and_each_model_its_threshold():
    table = verdict_table(VERDICTS, {"m": 0.4})
    assert table.head == ("photo", "m", "findings")
    assert table.rows == (
        ("threshold", "0.40", ""),
        ("a.png", "investigate 0.80", "none"),
        ("blank.png", "unusable photo", "uniform"),
        ("torn.png", "cannot be read", ""),
    )


def test_unusable_photos_are_named_with_the_reason():
    assert unusable_photos(VERDICTS) == ["blank.png: shows one even area"]


def test_a_terminal_shows_a_mark_for_each_decision():
    table = narrow_table(VERDICTS, {"m": 0.4})
    assert [row[0] for row in table.rows[1:]] == ["a.png", "blank.png", "torn.png"]
    assert [row[1] for row in table.rows[1:]] == ["0.80 !", "x", "cannot be read"]
    assert "! investigate" in table.caption
    assert "x unusable photo" in table.caption


def test_the_shipped_models_for_dermoscopic_photos_fit_on_a_terminal(root, capsys):
    names = list(chosen_models(root / "models", ()))
    assert "left out: phone64.ptq_int8" in capsys.readouterr().err
    assert list(chosen_models(root / "models", ["phone64.ptq_int8"]))
    photos = [path.name for path in (root / "samples").iterdir()]
    verdicts = {
        photo: {name: verdict(photo, "investigate") for name in names}
        for photo in photos
    }
    table = narrow_table(verdicts, dict.fromkeys(names, 0.25))
    lines = text_table(table.head, table.rows).splitlines()
    assert max(map(len, lines)) <= 100


def test_cautions_are_named_once_for_all_models():
    small = Finding("small", 40, 64, unusable=False, message="only 40 px")
    doubtful = verdict("a.png", "investigate", (small,))
    assert list(cautions({"a.png": {"m": doubtful, "n": doubtful}})) == ["a.png: small"]
    assert list(cautions(VERDICTS)) == []
