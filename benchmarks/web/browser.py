"""What the pages cost in a browser: bytes, time to the first verdict, time by stage."""

import os
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.web.server import PATIENCE_S, ServerError

FLAGS = ("--no-sandbox", "--disable-gpu")
WARM_UP_RUNS = 5
RUNS = 40
# Of a photo that takes seconds.
LARGE_RUNS = 7

# What belongs to the runtime and the model; the rest is the page's own.
PARTS = {"/litert/": "LiteRT.js", "/models/": "model"}

STAGES = """async ({name, photo, warmUp, runs}) => {
  const load = (module) => import(`/static/js/${module}.js`);
  const [{modelCards}, {judgeFor}, {openPhoto, squareOf}, {CENTRE}] = await Promise.all(
    ["model", "judge", "photo", "crop"].map(load));
  const card = (await modelCards()).find((each) => each.name === name);
  const judge = await judgeFor(card);
  const content = Uint8Array.from(atob(photo), (c) => c.charCodeAt(0));
  const file = new File([content], "photo");
  const found = [];
  for (let run = 0; run < warmUp + runs; run++) {
    const started = performance.now();
    (await openPhoto(file)).shown.close();
    const image = await squareOf(CENTRE, card.input.size_px);
    const verdict = await judge.verdict(image, "photo", performance.now() - started);
    if (run >= warmUp) found.push(verdict.timings_ms);
  }
  return found;
}"""


@dataclass(frozen=True)
class Visit:
    """One visit of a page with a photo to check.

    Attributes:
        verdict_ms: from the address to the verdict on the screen, the photo chosen at
            once.
        next_ms: from the button to the verdict of a second photo.
        sent_bytes: by part, as they came over the network.
    """

    verdict_ms: float
    next_ms: float
    sent_bytes: dict[str, int]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright: the system's Chromium, or ``CHROMIUM``.

    Raises:
        ServerError: when Playwright or the browser is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        raise ServerError("Playwright is absent; make test-web installs it") from error
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise ServerError("Chromium is absent; make test-web installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield browser
        browser.close()


def visit(context: Any, url: str, photo: Path, where: str) -> Visit:
    """Check a photo twice, on the device or on the server.

    Args:
        context: a browser context of Playwright; a new one has nothing stored.
        url: of the server.
        photo: to check.
        where: ``"device"`` or ``"server"``.
    """
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    sent: Counter[str] = Counter()
    _count_bytes(page, sent)
    start_s = time.perf_counter()
    page.goto(url, wait_until="commit")
    _check(page, photo, where)
    verdict_ms = 1000 * (time.perf_counter() - start_s)
    start_s = time.perf_counter()
    page.evaluate("() => document.getElementById('decision').remove()")
    _check(page, photo, where)
    next_ms = 1000 * (time.perf_counter() - start_s)
    # What the page stores for later must not be cut off.
    if page.locator("body[data-model]").count():
        page.wait_for_selector("body[data-offline=ready]")
    page.close()
    return Visit(verdict_ms, next_ms, dict(sent))


def _check(page: Any, photo: Path, where: str) -> None:
    if not page.is_visible("#where-device"):
        page.click("#settings summary")
    page.check(f"#where-{where}")
    page.set_input_files("#photo", photo)
    if where == "server":
        page.click("#send")
    page.wait_for_selector("#decision")


def _count_bytes(page: Any, sent: Counter[str]) -> None:
    session = page.context.new_cdp_session(page)
    paths: dict[str, str] = {}

    def begun(event: Any) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def finished(event: Any) -> None:
        path = paths.get(event["requestId"], "")
        kinds = [kind for start, kind in PARTS.items() if path.startswith(start)]
        kind = kinds[0] if kinds else "page"
        if path.endswith(".wasm"):
            kind = "WebAssembly"
        sent[kind] += int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")


def stages_ms(
    page: Any, model: str, photo_base64: str, runs: int = RUNS
) -> dict[str, float]:
    """Median milliseconds of each stage of a photo, on a page of the server."""
    found = page.evaluate(
        STAGES,
        {
            "name": model,
            "photo": photo_base64,
            "warmUp": min(WARM_UP_RUNS, runs // 3),
            "runs": runs,
        },
    )
    return {stage: statistics.median(run[stage] for run in found) for stage in found[0]}
