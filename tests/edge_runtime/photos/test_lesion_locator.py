"""Lesions are found where they were drawn; one small in its square is said."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from edge_runtime import LesionClassifier
from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.lesion_locator import framing_finding, located, suggested
from edge_runtime.photos.preprocessing import cut

TONES = {"light": (225, 180, 160), "brown": (150, 105, 80), "dark": (80, 52, 40)}
LESIONS = {"light": (120, 75, 60), "brown": (85, 55, 45), "dark": (38, 24, 20)}


def drawn(tone="light", size=(400, 300), middle=(0.5, 0.5), across=0.3, slope=0):
    """Skin with one round lesion; across is a share of the shorter side."""
    width, height = size
    skin = np.full((height, width, 3), TONES[tone], float)
    skin += slope * np.linspace(-0.5, 0.5, width)[None, :, None]
    skin += np.random.default_rng(1).normal(0, 3, (height, width, 1))
    picture = Image.fromarray(skin.clip(0, 255).astype(np.uint8))
    radius = across * min(size) / 2
    x, y = middle[0] * width, middle[1] * height
    ImageDraw.Draw(picture).ellipse(
        (x - radius, y - radius, x + radius, y + radius), fill=LESIONS[tone]
    )
    return picture


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("middle", [(0.5, 0.5), (0.3, 0.6), (0.75, 0.3)])
@pytest.mark.parametrize("across", [0.2, 0.45])
@pytest.mark.parametrize("slope", [0, 30])
def test_a_lesion_is_framed_where_it_lies(tone, middle, across, slope):
    found = suggested(drawn(tone, middle=middle, across=across, slope=slope))
    assert abs(found.x - middle[0]) < 0.04 and abs(found.y - middle[1]) < 0.04
    # With some skin around it, and not too much.
    assert 1.2 < found.side / across < 2.2


def test_the_black_rim_of_a_lens_is_no_lesion():
    picture = drawn(size=(300, 300), across=0.3)
    lens = Image.new("L", (300, 300), 0)
    ImageDraw.Draw(lens).ellipse((15, 15, 285, 285), fill=255)
    seen = Image.composite(picture, Image.new("RGB", (300, 300)), lens)
    found = suggested(seen)
    assert abs(found.x - 0.5) < 0.04 and abs(found.y - 0.5) < 0.04
    assert 0.3 < found.side < 0.7


def test_where_there_is_nothing_the_middle_is_judged():
    assert located(drawn(across=0.0001)) is None
    assert suggested(drawn(across=0.0001)) == CENTRE


@pytest.mark.parametrize(
    ("across", "said"), [(0.5, None), (0.25, None), (0.16, False), (0.08, True)]
)
def test_a_lesion_that_is_small_in_its_square_is_said(across, said):
    found = framing_finding(cut(drawn(across=across)))
    assert (found and found.unusable) == said


def test_framed_closer_it_is_no_longer_said():
    picture = drawn(across=0.08, middle=(0.4, 0.55))
    assert framing_finding(cut(picture)).unusable
    assert framing_finding(cut(picture, suggested(picture))) is None


@pytest.fixture(scope="module")
def classifier(root):
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    return LesionClassifier.load(root / "models/lesion64.qat_int8.tflite", threads=1)


def test_no_verdict_on_a_lesion_that_hardly_fills_the_square(classifier):
    photo = np.asarray(drawn(across=0.08))
    names = [each.name for each in classifier.classify(photo).findings]
    assert "framing" in names
    assert classifier.classify(photo).decision == "unusable photo"
    framed = classifier.classify(photo, crop=suggested(photo))
    assert "framing" not in [each.name for each in framed.findings]
    assert framed.crop == suggested(photo) != CENTRE


def test_the_finding_can_be_accepted_like_any_other(root, classifier):
    path = root / "models/lesion64.qat_int8.tflite"
    lenient = LesionClassifier.load(path, threads=1, accepted=["framing"])
    found = lenient.classify(np.asarray(drawn(across=0.08))).findings
    assert [each.unusable for each in found if each.name == "framing"] == [False]


def test_a_classifier_that_looks_for_the_lesion_judges_the_suggested_square(root):
    path = root / "models/lesion64.qat_int8.tflite"
    looking = LesionClassifier.load(path, threads=1, crop=None)
    photo = np.asarray(drawn(middle=(0.3, 0.6), across=0.2))
    given = looking.classify(photo, crop=suggested(photo))
    found = looking.classify(photo)
    assert dataclasses.replace(found, timings_ms={}) == dataclasses.replace(
        given, timings_ms={}
    )
    assert isinstance(found.crop, Crop) and found.crop != CENTRE


@pytest.mark.parametrize(
    ("words", "side"), [("auto", 0.3), ("0.3,0.6,0.25", 0.25), (None, 1)]
)
def test_the_command_judges_the_square_it_was_told(root, tmp_path, capsys, words, side):
    from edge_runtime.__main__ import main

    path = tmp_path / "photo.png"
    drawn(middle=(0.3, 0.6), across=0.2).save(path)
    model = str(root / "models/lesion64.qat_int8.tflite")
    given = ["--crop", words] if words else []
    assert main(["classify", model, str(path), "--json", *given]) == 0
    crop = json.loads(capsys.readouterr().out)["crop"]
    assert crop["side"] == pytest.approx(side, abs=0.1)


def test_a_square_that_is_none_is_wrong_usage(root, capsys):
    from edge_runtime.__main__ import main

    with pytest.raises(SystemExit) as caught:
        main(["classify", "model.tflite", "photo.jpg", "--crop", "here"])
    assert caught.value.code == 2
    assert "expected x,y,side" in capsys.readouterr().err
