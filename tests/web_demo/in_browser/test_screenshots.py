"""Pictures of the pages for the documentation; only drawn photos are in them.

``make screenshots`` writes them to docs/screenshots; without that they are taken and
thrown away.
"""

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

PHOTO = "samples/drawn_tone3_irregular.png"
SEVERAL = (
    PHOTO,
    "samples/drawn_tone2_irregular.png",
    "samples/drawn_tone1_even.png",
    "samples/blank_unusable.png",
)
SCREENS = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 740},
}
COLOURS = 128
MOST_BYTES = 130_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pictures go."""
    named = os.environ.get("LESION_EDGE_SCREENSHOTS")
    return Path(named) if named else tmp_path_factory.mktemp("screenshots")


def taken(page, path):
    """Take what the screen shows, in few colours."""
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES
    return picture.convert("RGB")


def show_form(page, root):
    page.evaluate("() => scrollTo(0, 0)")


def show_verdict(page, root):
    page.set_input_files("#photo", root / PHOTO)
    page.click("#heat")
    page.wait_for_selector("canvas.heat")
    page.evaluate("() => scrollTo(0, 0)")


def show_camera(page, root):
    page.click("#start")
    page.locator("#sharpness-word", has_text="sharp enough").wait_for()


def show_comparison(page, root):
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#result tbody")
    page.evaluate(
        "() => document.getElementById('result').scrollIntoView({block: 'end'})"
    )


def show_captured(page, root):
    show_camera(page, root)
    page.click("#capture")
    page.wait_for_selector("#decision")


def show_several(page, root):
    page.set_input_files("#photo", [root / each for each in SEVERAL])
    page.wait_for_selector("#result tbody")
    page.evaluate("() => scrollTo(0, 0)")


def show_history(page, root):
    page.click("#lesion summary")
    for photo in SEVERAL[:2]:
        page.set_input_files("#photo", root / photo)
        page.wait_for_selector("#keep")
        page.fill("#lesion-name", "left shoulder")
        page.click("#keep")
        page.wait_for_selector("#kept")
    page.click("#kept a")
    page.wait_for_selector("article")


VIEWS = {
    "history": ("/", show_history),
    "check": ("/", show_form),
    "verdict": ("/", show_verdict),
    "several": ("/", show_several),
    "camera": ("/camera", show_camera),
    "captured": ("/camera", show_captured),
    "compare": ("/compare", show_comparison),
}


@pytest.mark.long
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("view", VIEWS)
def test_it_is_drawn_light_and_dark(
    open_page, wait_for_model, root, folder, view, screen
):
    path, show = VIEWS[view]
    pictures = []
    for scheme in ("light", "dark"):
        page = open_page(path, viewport=SCREENS[screen], color_scheme=scheme)
        if view != "compare":
            wait_for_model(page)
        show(page, root)
        pictures.append(taken(page, folder / f"{view}-{screen}-{scheme}.png"))
    light, dark = (
        each.resize((1, 1)).convert("L").getpixel((0, 0)) for each in pictures
    )
    assert light > 150 > 80 > dark
    assert ImageChops.difference(*pictures).getbbox()
