"""A site's file: round trip, what it changes, and what it refuses."""

import dataclasses
import json

import pytest

from edge_runtime.errors import SiteFileError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.evidence import headline
from edge_runtime.site_calibration.file import (
    SITE_FORMAT,
    SiteCalibration,
    read_site_file,
    site_path,
    write_site_file,
)
from edge_runtime.verdict import decision, label, model_lines


@pytest.fixture
def site(card):
    """A site that judges more strictly than the card."""
    temperature = 1.2
    accuracy = dataclasses.replace(card.accuracy[0], split="site", auc=0.77)
    return SiteCalibration(
        format=SITE_FORMAT,
        notice=card.notice,
        model=card.name,
        model_sha256=card.model_sha256,
        created="2026-01-01T00:00:00+00:00",
        photos="photos",
        photos_sha256="0" * 64,
        lesions_malignant=60,
        lesions_other=50,
        left_out=1,
        temperature=temperature,
        threshold=dataclasses.replace(
            card.threshold,
            score=0.25,
            stored=64,
            probability=calibrated(0.25, temperature),
            split="site",
        ),
        uncertainty=dataclasses.replace(
            card.uncertainty,
            low_score=0.125,
            low_probability=calibrated(0.125, temperature),
        ),
        accuracy=accuracy,
        card_threshold_accuracy=accuracy,
    )


def test_what_was_written_is_read(site, card, tmp_path):
    path = tmp_path / "model.site.json"
    write_site_file(path, site)
    assert read_site_file(path, card) == site


def test_it_lies_beside_the_model(tmp_path):
    model = tmp_path / "cnn32.qat_int8.tflite"
    assert site_path(model) == tmp_path / "cnn32.qat_int8.site.json"


def test_it_moves_the_threshold_and_nothing_of_the_model(site, card):
    ours = site.applied_to(card)
    assert label(0.3, card) == "other"
    assert label(0.3, ours) == "malignant"
    assert decision(0.2, ours, ()) == "uncertain"
    assert ours.model_sha256 == card.model_sha256
    assert ours.input == card.input


def test_its_own_figures_come_first_and_say_so(site, card):
    ours = site.applied_to(card)
    assert headline(ours.accuracy).auc == 0.77
    assert "on site (this site's own" in model_lines(ours)[1]


@pytest.mark.parametrize(
    ("field", "new", "said"),
    [
        ("format", 99, "format"),
        ("model_sha256", "1" * 64, "belongs to the model"),
        ("temperature", 3.0, "means probability"),
        ("temperature", -1.0, "temperature must be positive"),
        ("left_out", "many", "left_out"),
        ("surprise", 1, "unknown fields"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(site, card, tmp_path, field, new, said):
    path = tmp_path / "model.site.json"
    write_site_file(path, site)
    values = {**json.loads(path.read_text()), field: new}
    path.write_text(json.dumps(values))
    with pytest.raises(SiteFileError, match=said) as caught:
        read_site_file(path, card)
    assert "calibrate" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000])
def test_a_damaged_file_is_refused(card, tmp_path, content):
    path = tmp_path / "model.site.json"
    path.write_bytes(content)
    with pytest.raises(SiteFileError, match=r"model\.site\.json"):
        read_site_file(path, card)
