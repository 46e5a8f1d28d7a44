from benchmarks.verdicts import unusable_photos, verdict_table
from edge_runtime.quality import Finding
from edge_runtime.verdict import UNUSABLE, Verdict

BLANK = Finding("uniform", 0.0, 0.02, unusable=True, message="shows one even area")


def verdict(photo, decision, findings=()):
    return Verdict(photo, 0.8, 0.4, "malignant", decision, findings, {}, "m", "ab")


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
