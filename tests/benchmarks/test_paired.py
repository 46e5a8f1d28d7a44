import dataclasses
import json

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from benchmarks import paired
from benchmarks.measure.measurement import PhotoScore


@pytest.fixture
def sides(result):
    """Two models of 60 photos; the second moves 9 of them across the threshold."""
    labels = [place % 2 == 0 for place in range(60)]
    generator = np.random.default_rng(3)
    first = [
        0.5 + (0.3 if label else -0.3) + generator.normal(0, 0.15) for label in labels
    ]
    second = [1 - score if place < 9 else score for place, score in enumerate(first)]

    def measured(name, scores):
        photos = tuple(
            PhotoScore(f"{place}.png", label, f"l{place}", False, float(score), True)
            for place, (label, score) in enumerate(zip(labels, scores, strict=True))
        )
        subject = dataclasses.replace(result.measurement.subject, name=name)
        return dataclasses.replace(result.measurement, subject=subject, scores=photos)

    return measured("float", np.clip(first, 0, 1)), measured(
        "int8", np.clip(second, 0, 1)
    )


def test_flips_are_the_photos_that_changed_sides(sides):
    found = paired.paired(*sides)
    assert {flip.photo for flip in found.flips} == {f"{n}.png" for n in range(9)}
    changes = [abs(flip.first_score - flip.second_score) for flip in found.flips]
    assert changes == sorted(changes, reverse=True)


def test_the_tests_are_those_of_scipy(sides):
    found = paired.paired(*sides)
    for p, flips in (
        (found.recall_mcnemar_p, [flip for flip in found.flips if flip.malignant]),
        (
            found.specificity_mcnemar_p,
            [flip for flip in found.flips if not flip.malignant],
        ),
    ):
        first = sum(flip.first_right for flip in flips)
        assert p == pytest.approx(binomtest(first, len(flips)).pvalue)


def test_a_model_does_not_differ_from_itself(sides):
    found = paired.paired(sides[0], sides[0])
    assert found.flips == ()
    assert found.auc_delong_p == found.recall_mcnemar_p == 1.0
    assert found.auc.value == 0


def test_the_page_shows_the_owners_photos_and_only_there(
    result, sides, tmp_path, capsys
):
    for name, side in zip(("first", "second"), sides, strict=True):
        path = tmp_path / f"{name}.json"
        dataclasses.replace(result, measurement=side).write(path)
    photos = tmp_path / "photos"
    photos.mkdir()
    for place in range(8):  # The ninth is missing.
        Image.new("RGB", (40, 40), (200, 150, 130)).save(photos / f"{place}.png")
    words = [str(tmp_path), "first", "second", "--out", str(tmp_path / "out")]
    assert paired.main([*words, "--photos", str(photos)]) == 0
    page = (tmp_path / "out" / "paired.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 8
    assert "8.png" in page
    assert "http" not in page
    assert "not a medical device" in page
    stated = json.loads((tmp_path / "out" / "paired.json").read_text(encoding="utf-8"))
    assert len(stated["flips"]) == 9
    assert "9 photos" in capsys.readouterr().out
    assert paired.main(words) == 0
    page = (tmp_path / "out" / "paired.html").read_text(encoding="utf-8")
    assert "data:image" not in page


def test_a_missing_result_is_named(tmp_path, capsys):
    assert paired.main([str(tmp_path), "a", "b"]) == 1
    assert "a.json" in capsys.readouterr().err
