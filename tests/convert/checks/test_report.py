import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from convert.checks.flips import comparison
from convert.checks.gates import Finding
from convert.checks.reliability import reliability_diagram
from convert.checks.report import changed_lines, report_of, write_report
from edge_runtime.evaluation.reliability import reliability
from edge_runtime.photos.manifest import LabelledPhoto

LABELS = np.arange(60) % 2
PHOTOS = [
    LabelledPhoto(
        Path(f"photos/{number}.png"), bool(label), "val", str(number), False, {}
    )
    for number, label in enumerate(LABELS)
]


@pytest.fixture(scope="module")
def report():
    generator = np.random.default_rng(0)
    keras = np.clip(0.3 + 0.4 * LABELS + generator.normal(0, 0.2, 60), 0.01, 0.99)
    file = np.clip(keras + generator.normal(0, 0.1, 60), 0.01, 0.99)
    changed = comparison(LABELS, keras, file, target_recall=0.9, split="val")
    findings = (Finding("auc-drop", 0.1, 0.2, True, "text", "advice"),)
    return report_of(
        "tiny.ptq_int8",
        PHOTOS,
        LABELS,
        keras,
        file,
        temperature=1.5,
        comparison=changed,
        target_recall=0.9,
        findings=findings,
    )


@pytest.fixture(scope="module")
def written(report, tmp_path_factory):
    return write_report(report, tmp_path_factory.mktemp("reports"))


def _thresholds(report):
    """Highest score that finds 9 of 10 malignant photos, by counting."""
    for scores in (report.keras_scores, report.file_scores):
        malignant = np.sort(scores[LABELS == 1])
        yield malignant[malignant.size - int(np.ceil(0.9 * malignant.size))]


def test_each_photo_that_changed_sides_is_named(report, written):
    keras, file = _thresholds(report)
    before, after = report.keras_scores >= keras, report.file_scores >= file
    named = json.loads((written / "report.json").read_text())["changed"]
    expected = {
        "malignant_lost": (LABELS == 1) & before & ~after,
        "malignant_gained": (LABELS == 1) & ~before & after,
        "benign_lost": (LABELS == 0) & ~before & after,
        "benign_gained": (LABELS == 0) & before & ~after,
    }
    assert sum(each.sum() for each in expected.values()) > 3
    for field, where in expected.items():
        assert named[field] == [f"photos/{at}.png" for at in np.flatnonzero(where)]


def test_screen_names_lost_lesions_first(report):
    text = "\n".join(changed_lines(report))
    for position in report.flips.malignant_lost:
        assert f"photos/{position}.png" in text
    assert text.index("called by the Keras model only") < text.index("McNemar")


def test_tests_are_those_of_the_textbook(report, written):
    changed = report.flips
    worse = len(changed.malignant_lost) + len(changed.benign_lost)
    better = len(changed.malignant_gained) + len(changed.benign_gained)
    values = json.loads((written / "report.json").read_text())
    assert values["mcnemar_p"] == pytest.approx(binomtest(worse, worse + better).pvalue)
    assert 0 <= values["delong_p"] <= 1
    assert values["gates"][0]["gate"] == "auc-drop"
    assert "not a medical device" in values["notice"]


def test_table_holds_every_photo_with_both_scores(report, written):
    rows = list(csv.DictReader(io.StringIO((written / "scores.csv").read_text())))
    assert [row["path"] for row in rows] == [str(photo.path) for photo in PHOTOS]
    given = np.array([float(row["keras_score"]) for row in rows])
    np.testing.assert_allclose(given, report.keras_scores, atol=1e-6)
    odds = report.file_scores / (1 - report.file_scores)
    expected = odds ** (1 / 1.5) / (1 + odds ** (1 / 1.5))
    shown = [float(row["probability"]) for row in rows]
    np.testing.assert_allclose(shown, expected, atol=1e-5)
    changes = [row["change"] for row in rows]
    assert changes.count("malignant_lost") == report.comparison.malignant_lost


def test_reliability_is_scikit_learns(report):
    bins = reliability(LABELS, report.file_scores)
    observed, promised = calibration_curve(LABELS, report.file_scores, n_bins=10)
    np.testing.assert_allclose([each.observed for each in bins], observed)
    np.testing.assert_allclose([each.promised for each in bins], promised)
    assert sum(each.n for each in bins) == 60
    assert all(each.low <= each.observed <= each.high for each in bins)


def test_diagram_shows_what_it_is_given(report):
    kept = reliability_diagram(LABELS, report.file_scores, "kept")
    assert kept == reliability_diagram(LABELS, report.file_scores, "kept")
    broken = reliability_diagram(1 - LABELS, report.file_scores, "kept")
    first, second = (
        np.asarray(Image.open(io.BytesIO(each)).convert("L")) for each in (kept, broken)
    )
    assert first.shape == second.shape == (720, 600)
    # Points on the other side of the diagonal.
    assert (first != second).mean() > 0.001
    assert first.min() < 50
    assert first.max() == 255
