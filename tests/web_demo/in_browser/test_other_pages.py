"""Camera, comparison, report, offline use, small screens."""

import re
import shutil

import pytest

from edge_runtime import LesionClassifier
from web_demo.wording import percent, say, with_interval

PAGES = [
    "/",
    "/camera",
    "/history",
    "/compare",
    "/report",
    "/models",
    "/about",
    "/api",
    "/nowhere",
]
PHOTO = "samples/drawn_tone3_irregular.png"
PHONE = {"width": 360, "height": 740}


def test_the_camera_judges_what_it_shows_and_sends_nothing(open_page, wait_for_model):
    page = open_page("/camera")
    wait_for_model(page)
    page.wait_for_selector("body[data-offline=ready]")
    sent = []
    page.on("request", lambda request: sent.append(request.url))

    page.click("#start")
    page.locator("#sharpness-word", has_text=re.compile(r"\w")).wait_for()
    assert page.evaluate("document.getElementById('sharpness').value") > 0
    page.click("#viewfinder")
    page.wait_for_selector("#decision")

    assert [url for url in sent if not url.startswith(("blob:", "data:"))] == []
    decisions = [
        say(f"decision.{each}")
        for each in ("investigate", "uncertain", "monitor", "unusable photo")
    ]
    assert page.inner_text("#decision") in decisions
    assert "not a medical device" in page.inner_text("#result .card")
    page.click("#start")
    assert page.evaluate("document.getElementById('video').srcObject") is None


def test_the_torch_is_offered_where_there_is_one_and_switched(open_page):
    """Chromium's camera has none; the page is told that it has."""
    page = open_page("/camera")
    page.evaluate(
        """() => {
          const {prototype} = MediaStreamTrack;
          prototype.getCapabilities = () => ({torch: true});
          window.asked = [];
          prototype.applyConstraints = async (wanted) => window.asked.push(wanted);
        }"""
    )
    assert page.is_hidden("#torch")
    page.click("#start")
    page.click("#torch")
    page.locator("#torch[aria-pressed=true]").wait_for()
    page.click("#torch")
    page.locator("#torch[aria-pressed=false]").wait_for()

    asked = [each["advanced"][0]["torch"] for each in page.evaluate("window.asked")]
    assert asked == [True, False]


def test_a_captured_picture_stands_still_until_another_is_wanted(
    open_page, wait_for_model
):
    page = open_page("/camera")
    wait_for_model(page)
    page.click("#start")
    page.locator("#sharpness-word", has_text=re.compile(r"\w")).wait_for()
    assert page.inner_text("#capture") == say("camera.capture")
    page.click("#viewfinder")
    page.wait_for_selector("#decision")
    stands = "document.getElementById('video').paused"
    assert page.evaluate(stands)
    # A second tap on what stands still judges nothing.
    page.evaluate("() => document.querySelector('#decision').textContent = 'kept'")
    page.click("#viewfinder")
    page.wait_for_timeout(300)
    assert page.inner_text("#decision") == "kept"

    assert page.inner_text("#capture") == say("camera.retake")
    page.click("#capture")
    page.wait_for_selector("#decision", state="detached")
    assert not page.evaluate(stands)
    assert page.inner_text("#capture") == say("camera.capture")


def test_the_zoom_is_offered_where_there_is_one(open_page):
    """Chromium's camera has none; the page is told that it has."""
    page = open_page("/camera")
    page.evaluate(
        """() => {
          const {prototype} = MediaStreamTrack;
          prototype.getCapabilities = () => ({zoom: {min: 1, max: 4, step: 0.5}});
          window.asked = [];
          prototype.applyConstraints = async (wanted) => window.asked.push(wanted);
        }"""
    )
    assert page.is_hidden("#zoom")
    page.click("#start")
    page.fill("#zoom", "2.5")
    asked = [each["advanced"][0]["zoom"] for each in page.evaluate("window.asked")]
    assert asked == [2.5]


def test_a_double_click_opens_one_camera_and_stop_ends_it(open_page, wait_for_model):
    page = open_page("/camera")
    wait_for_model(page)
    page.evaluate(
        """() => {
          const devices = navigator.mediaDevices;
          const ask = devices.getUserMedia.bind(devices);
          window.streams = [];
          devices.getUserMedia = async (wanted) => {
            const given = await ask(wanted);
            window.streams.push(given);
            return given;
          };
        }"""
    )
    page.evaluate(
        "() => { for (const _ of [1, 2]) document.getElementById('start').click(); }"
    )
    page.wait_for_selector("#capture:visible")
    page.click("#start")
    live = page.evaluate(
        """streams.flatMap((it) => it.getTracks())
          .filter((it) => it.readyState === "live").length"""
    )
    assert (page.evaluate("streams.length"), live) == (1, 0)


def test_the_camera_says_what_speaks_against_the_picture(open_page):
    page = open_page("/camera")
    page.evaluate(
        """() => {
          const canvas = document.createElement("canvas");
          const context = canvas.getContext("2d");
          setInterval(() => {
            context.fillStyle = "rgb(3 2 2)";
            context.fillRect(0, 0, canvas.width, canvas.height);
          }, 30);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
        }"""
    )
    page.click("#start")

    page.locator("#hint", has_text="far too dark").wait_for()


def test_a_blurred_picture_is_called_so(open_page):
    page = open_page("/camera")
    page.evaluate(
        """() => {
          const canvas = document.createElement("canvas");
          const context = canvas.getContext("2d");
          setInterval(() => {
            context.fillStyle = "rgb(200 150 120)";
            context.fillRect(0, 0, canvas.width, canvas.height);
          }, 30);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
        }"""
    )
    page.click("#start")

    page.locator("#sharpness-word", has_text="blurred").wait_for()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "allow the camera for this page"),
        ("NotFoundError", "finds none on this device"),
        ("OverconstrainedError", "The browser reports: OverconstrainedError."),
    ],
)
def test_without_a_camera_the_reason_is_given(open_page, name, words):
    page = open_page("/camera")
    page.evaluate(
        # In braces, since Playwright calls a function that an expression gives.
        "() => { navigator.mediaDevices.getUserMedia ="
        " async () => { throw new DOMException('in its words', name) } }".replace(
            "name", repr(name)
        )
    )
    page.click("#start")

    told = page.inner_text("#result [role=alert]")
    assert words in told and "in its words" not in told


@pytest.mark.parametrize("where", ["device", "server"])
def test_every_model_is_compared(open_page, root, where, cards, model_paths):
    page = open_page("/compare")
    page.click("#settings summary")
    page.check(f"#where-{where}")
    page.set_input_files("#photo", root / PHOTO)
    if where == "server":
        page.click("#send")

    page.locator("#result tbody tr").nth(len(cards) - 1).wait_for()
    rows = page.locator("#result tbody tr").all_inner_texts()
    assert len(rows) == len(cards)
    for row, card, path in zip(rows, cards, model_paths, strict=True):
        looking = LesionClassifier.load(path, threads=1, crop=None)
        expected = looking.classify(root / PHOTO)
        cells = row.replace("\N{NO-BREAK SPACE}", " ").split("\t")
        assert cells[:2] == [card.name, f"{card.input.size_px} px"]
        assert cells[2] == "8-bit integers"
        usable = expected.decision != "unusable photo"
        told = percent(expected.probability).replace("\N{NO-BREAK SPACE}", " ")
        assert cells[3] == (told if usable else "\N{EN DASH}")
        for share in (expected.accuracy.recall, expected.accuracy.specificity):
            shown = with_interval(share).replace("\N{NO-BREAK SPACE}", " ")
            assert shown in cells[8]
        assert cells[5] == say(f"decision.{expected.decision}")
    assert "not a medical device" in page.inner_text("caption")
    assert "models say" in page.inner_text("#result h2")


def test_the_report_draws_in_its_frame_and_reaches_nothing(open_page):
    page = open_page("/report")
    frame = page.frame_locator("iframe")

    assert frame.locator("#out").inner_text() == "drawn"
    page.wait_for_timeout(500)
    assert page.title().startswith("Benchmark report")
    assert frame.locator("title").inner_text() == "Report"


def test_pages_work_with_the_server_gone_in_a_new_browser(
    playwright, chromium_path, start_server, library, root, tmp_path, wait_for_model
):
    def launch():
        return playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium_path,
            args=["--no-sandbox", "--disable-gpu"],
        )

    def check(page):
        page.set_input_files("#photo", root / PHOTO)
        page.wait_for_selector("#decision")
        return page.inner_text("#result .reason")

    def compare(page):
        page.goto(f"{server.url}/compare")
        page.set_input_files("#photo", root / PHOTO)
        page.wait_for_selector("#result tbody")

    server = start_server()
    with launch() as context:
        page = context.new_page()
        page.goto(server.url)
        wait_for_model(page)
        page.wait_for_selector("body[data-offline=ready]")
        before = check(page)
        compare(page)
        page.wait_for_selector("body[data-offline=ready]")
    server.stop()

    with launch() as context:
        page = context.new_page()
        page.goto(server.url)
        wait_for_model(page)
        assert check(page) == before
        page.goto(f"{server.url}/camera")
        wait_for_model(page)
        compare(page)
        links = page.locator("nav a").evaluate_all("(all) => all.map((it) => it.href)")
        page.goto(f"{server.url}/offline")
        told = page.locator(".offline-pages a").evaluate_all(
            "(all) => all.map((it) => it.href)"
        )
        assert len(links) == 6 and f"{server.url}/api" in told
        for address in {*links, *told}:
            page.goto(address)
            is_there = page.inner_text("h1") != say("offline.title")
            assert is_there == (address in told), address
        page.goto(f"{server.url}/openapi.json")
        assert '"openapi"' in page.inner_text("body")
    shutil.rmtree(tmp_path / "profile")
    with launch() as context, pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        context.new_page().goto(server.url)


def test_it_can_be_installed(open_page):
    page = open_page()
    session = page.context.new_cdp_session(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    manifest = session.send("Page.getAppManifest")
    hindrances = session.send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert manifest["errors"] == []
    # A private window, which a test uses, never offers it.
    assert {each["errorId"] for each in hindrances} <= {"in-incognito"}


@pytest.mark.parametrize("path", PAGES)
def test_small_screens_need_no_sideways_scrolling(open_page, path):
    page = open_page(path, viewport=PHONE, is_mobile=True, has_touch=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_small_screen_shows_every_entry_of_the_menu(open_page):
    page = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
    menu = page.locator("nav ul")
    assert menu.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    entries = page.locator("nav a").all()
    assert len(entries) == 6
    for entry in entries:
        box = entry.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        # What a finger hits.
        assert box["height"] >= 44
        middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        hit = "({x, y}) => document.elementFromPoint(x, y).closest('a').textContent"
        assert page.evaluate(hit, middle) == entry.text_content()


def test_every_entry_of_the_menu_is_reached_with_the_keyboard(open_page):
    page = open_page(viewport=PHONE)
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert reached[2:] == page.locator("nav a").all_inner_texts()
