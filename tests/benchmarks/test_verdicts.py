from benchmarks.reporting.markdown import text_table
from benchmarks.verdicts import (
    cautions,
    narrow_table,
    unusable_photos,
    verdict_table,
)
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import UNUSABLE, Verdict

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


def test_seven_shipped_models_fit_on_a_terminal(root):
    names = [path.stem for path in (root / "models").glob("*.tflite")]
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
