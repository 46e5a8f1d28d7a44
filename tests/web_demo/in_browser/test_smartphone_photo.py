"""From the question which kind of photo it is to the verdict on a smartphone photo."""

import os
import re
from pathlib import Path

import pytest
from PIL import Image

from edge_runtime import LesionClassifier
from edge_runtime.photos.crop import parsed
from edge_runtime.photos.lesion_locator import suggested
from web_demo.wording import say

TOLD = {"age": "61", "region": "nose", "itch": "no", "bleed": "yes"}


@pytest.fixture
def site_for_both(start_server, library, root, model_paths):
    """A server with a model for each kind of photo."""
    phone = root / "models/phone64.ptq_int8.tflite"
    return start_server(models=(model_paths[0], phone)).url


@pytest.fixture
def smartphone_photo(root, tmp_path):
    """As a phone takes it: a real one where they are, a drawn one elsewhere."""
    named = os.environ.get("LESION_EDGE_PADUFES20", root / "../shared/data/padufes20")
    real = sorted(Path(named).glob("*/*.jpg"))
    source = real[7] if real else root / "samples/drawn_tone3_irregular.png"
    path = tmp_path / "phone.png"
    Image.open(source).convert("RGB").save(path)
    return path


def test_the_kind_the_answers_and_the_photo_lead_to_python_s_verdict(
    open_page, site_for_both, root, smartphone_photo, wait_for_model
):
    page = open_page(base=site_for_both)
    page.wait_for_selector("#choose", state="hidden")
    page.check("input[name=kind][value=smartphone]")
    assert page.input_value("#model") == "phone64.ptq_int8"
    wait_for_model(page)
    for name, answer in TOLD.items():
        field = page.locator(f"#answer-{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(answer)
        else:
            field.fill(answer)
    page.set_input_files("#photo", smartphone_photo)
    page.wait_for_selector("#decision")
    page.wait_for_selector("#result:not([aria-busy=true])")
    classifier = LesionClassifier.load(
        root / "models/phone64.ptq_int8.tflite", threads=1
    )
    # The page rounds the square that it suggests.
    square = parsed(str(suggested(smartphone_photo)))
    ours = classifier.classify(smartphone_photo, answers=TOLD, crop=square)
    assert page.inner_text("#decision") == say(f"decision.{ours.decision}")
    if ours.decision != "unusable photo":
        shown = re.search(r"(\d+)\s%", page.inner_text("#result"))
        assert int(shown[1]) == round(100 * ours.probability)


def test_the_camera_asks_for_the_kind_before_it_can_be_started(
    open_page, site_for_both, wait_for_model
):
    page = open_page("/camera", base=site_for_both)
    page.wait_for_selector("#start", state="hidden")
    page.check("input[name=kind][value=smartphone]")
    assert page.is_visible("#start")
    assert page.input_value("#model") == "phone64.ptq_int8"
    assert page.is_visible("#answer-itch")


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 800}, {"width": 360, "height": 740}]
)
def test_a_frozen_picture_and_its_verdict_are_in_one_window(
    open_page, wait_for_model, viewport
):
    page = open_page("/camera", viewport=viewport)
    wait_for_model(page)
    page.click("#start")
    page.locator("#sharpness-word", has_text=re.compile(r"\w")).wait_for()
    page.click("#viewfinder")
    page.wait_for_selector("#decision")
    seen = page.evaluate(
        """() => ["viewfinder", "decision"].map((id) => {
          const {top, bottom} = document.getElementById(id).getBoundingClientRect();
          return [top, bottom];
        })"""
    )
    for top, bottom in seen:
        assert 0 <= top < bottom <= viewport["height"], seen
    page.click("#capture")
    assert page.is_visible("#sharpness-line")
    assert not page.locator(".frozen").count()
