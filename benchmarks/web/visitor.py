"""A visitor's path through the page that checks a photo, in clicks and seconds.

Run: .venv-web/bin/python -m benchmarks.web.visitor --model
models/lesion64.qat_int8.tflite

The visitor comes for the first time, chooses a photo as a phone takes it (12
megapixels), moves the square by hand, looks at what mattered, keeps the result and
looks at the history; then checks a second photo. Each step's seconds run from the
click to what it was for, on the screen. Needs what ``make test-web`` installs.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.web.browser import chromium
from benchmarks.web.page import PHONE_PX, PHONE_QUALITY, PHOTO
from benchmarks.web.server import ServerError, WebServer
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.terminal.exit_status import exit_status

SCREENS = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 360, "height": 740},
}


@dataclass(frozen=True)
class Step:
    """One step of the path.

    Attributes:
        name: what the visitor wants.
        clicks: that it takes; the choice in the system's own window is one.
        seconds: until it is there.
    """

    name: str
    clicks: int
    seconds: float


def phone_photo() -> dict[str, Any]:
    """A drawn lesion on a large photo of skin, as Playwright takes files."""
    lesion = Image.open(PHOTO).convert("RGB")
    canvas = lesion.resize((1, 1)).resize(PHONE_PX)
    canvas.paste(lesion.resize((1400, 1400), Image.Resampling.BICUBIC), (1800, 700))
    encoded = io.BytesIO()
    canvas.save(encoded, "JPEG", quality=PHONE_QUALITY)
    content = encoded.getvalue()
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content}


def walked(browser: Any, url: str, screen: dict[str, int]) -> list[Step]:
    """Walk the path in a new browser profile."""
    page = browser.new_context(viewport=screen).new_page()
    page.set_default_timeout(120_000)
    steps: list[Step] = []
    photo = phone_photo()

    def step(name: str, clicks: int, do: Callable[[], object]) -> None:
        began_s = time.perf_counter()
        do()
        steps.append(Step(name, clicks, time.perf_counter() - began_s))

    def choose() -> None:
        page.set_input_files("#photo", photo)
        page.wait_for_selector("#decision")

    def move() -> None:
        page.evaluate("() => document.getElementById('decision').remove()")
        box = page.locator("#frame").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 9, box["y"] + box["height"] / 2)
        page.mouse.up()
        page.wait_for_selector("#decision")

    def see_map() -> None:
        page.click("#heat")
        page.wait_for_selector("canvas.heat")

    def keep() -> None:
        page.click("#keep")
        page.wait_for_selector("#kept")

    def look_back() -> None:
        page.click("#kept a")
        page.wait_for_selector("article")

    def again() -> None:
        page.click("nav a >> nth=0")
        page.wait_for_selector("body[data-model=ready]")
        choose()

    step("open the page, model ready", 0, lambda: _ready(page, url))
    step("choose a photo: square suggested, verdict", 2, choose)
    step("move the square by hand: new verdict", 1, move)
    step("see what mattered", 1, see_map)
    step("keep the result", 1, keep)
    step("look at what is kept", 1, look_back)
    step("check another photo: verdict", 3, again)
    page.context.close()
    return steps


def _ready(page: Any, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("body[data-model=ready]")


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Walk a visitor's path in Chromium, in clicks and seconds."
    )
    parser.add_argument("--model", type=Path, required=True, action="append")
    options = parser.parse_args(arguments)
    try:
        found = _walked_on_each(options.model)
    except (OSError, EdgeRuntimeError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"| step | clicks | {', s | '.join(found)}, s |")
    print(f"|---|---|{'---|' * len(found)}")
    for steps in zip(*found.values(), strict=True):
        seconds = " | ".join(f"{each.seconds:.1f}" for each in steps)
        print(f"| {steps[0].name} | {steps[0].clicks} | {seconds} |")
    return 0


def _walked_on_each(models: Sequence[Path]) -> dict[str, list[Step]]:
    with chromium() as browser, WebServer(models, "--rate-limit", "0") as it:
        found = {
            name: walked(browser, it.url, screen) for name, screen in SCREENS.items()
        }
    return found


if __name__ == "__main__":
    raise SystemExit(main())
