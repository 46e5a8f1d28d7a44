"""Checking a photo: on this device, on the server, without scripts."""

import base64
import re

import pytest

from web_demo.wording import say

DECISIONS = ("investigate", "uncertain", "monitor", "unusable photo")
PHOTO = "samples/drawn_tone3_irregular.png"


@pytest.fixture
def check(root, wait_for_model, choose):
    """Check a photo on an opened page, with the model inside it ready."""

    def run(page, photo=PHOTO, *, where="device"):
        wait_for_model(page)
        choose(page, root / photo, where)
        page.wait_for_selector("#result .verdict, #result [role=alert]")

    return run


def words(page):
    return page.inner_text("#result").replace("\N{NO-BREAK SPACE}", " ")


def test_a_photo_stays_on_the_device_unless_told_otherwise(
    open_page, check, wait_for_model
):
    page = open_page()
    assert page.is_checked("#where-device")
    wait_for_model(page)
    page.wait_for_selector("body[data-offline=ready]")
    sent = []
    page.on("request", lambda request: sent.append(request))

    check(page)
    page.click("#heat")
    page.wait_for_selector("canvas.heat")
    page.click("#keep")
    page.wait_for_selector("#kept")

    # Local addresses of the page's own making are no network.
    assert [
        each.url for each in sent if not each.url.startswith(("blob:", "data:"))
    ] == []
    assert "Judged on this device" in words(page)


def test_the_watch_on_the_network_sees_a_photo_that_is_sent(open_page, check):
    page = open_page()
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url)))

    check(page, where="server")

    assert [method for method, url in sent if url.endswith("/api/v1/classify")] == [
        "POST"
    ]
    assert "Judged by the server" in words(page)


def test_device_and_server_say_the_same(open_page, check):
    said, maps = [], []
    for where in ("device", "server"):
        page = open_page()
        check(page, where=where)
        text = words(page)
        said.append(re.sub(r"Judged .*|Show what .*|.* ms", "", text))
        page.click("#heat")
        maps.append(page.get_attribute("canvas.heat", "aria-label"))

    assert said[0].split() == said[1].split()
    assert maps[0] == maps[1] and "Map over the photo" in maps[0]


def test_every_verdict_has_the_notice_beside_it_and_never_the_other_word(
    open_page, check
):
    page = open_page()
    for photo in (PHOTO, "samples/blank_unusable.png"):
        check(page, photo)
        card = page.inner_text("#result .card")
        assert "not a medical device" in card
        assert "benign" not in page.inner_text("#result").lower().replace(
            "malignant vs. benign", ""
        )
    assert "Unusable photo" in card
    assert page.query_selector("#heat") is None


def test_another_model_can_be_chosen(open_page, check, cards, root):
    page = open_page()
    page.click("#settings summary")
    page.select_option("#model", cards[1].name)
    check(page)

    page.click("#result details:last-child summary")
    assert cards[1].name in words(page)


def test_what_is_no_photo_is_explained(open_page, check, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" + b"no photo" * 99)
    page = open_page()

    check(page, path)

    alert = page.inner_text("#result [role=alert]")
    assert "photo" in alert
    assert "Traceback" not in alert


def test_without_scripts_the_server_judges_and_says_so(open_page, root):
    page = open_page(java_script_enabled=False)
    assert "sent to the computer that serves this page" in page.inner_text("form")
    assert page.is_hidden("#photo") and page.is_hidden("#settings")

    page.set_input_files("#photo-to-send", root / PHOTO)
    page.check("#with-heat")
    page.click("button[type=submit]")

    assert page.inner_text("h1") in [say(f"decision.{each}") for each in DECISIONS]
    assert "Map over the photo" in page.get_attribute("figure img", "alt")


@pytest.fixture
def posted(open_page):
    """Open a page of which nothing but the page itself works; gives what is posted."""

    def open_it(path, broken):
        # A worker would have the files stored already.
        page = open_page("/about", service_workers="block")
        page.route(broken, lambda route: route.abort())
        sent = []
        page.on("request", lambda it: it.method == "POST" and sent.append(it.url))
        page.goto(page.url.replace("/about", path))
        return page, sent

    return open_it


def test_without_the_model_nothing_is_sent_before_the_button_says_so(posted, root):
    page, sent = posted("/", "**/litert/index.js*")
    page.locator("#status", has_text="cannot").wait_for()
    assert page.is_checked("#where-device") and page.is_enabled("#where-device")

    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#send")
    page.click("#frame-whole")
    page.wait_for_timeout(500)
    assert sent == []
    assert "Nothing was sent yet" in page.inner_text("#result")
    page.click("#send")
    page.wait_for_selector("#decision")
    assert len(sent) == 1


def test_with_the_next_load_the_device_judges_again(posted, root, wait_for_model):
    page, sent = posted("/", "**/litert/index.js*")
    page.locator("#status", has_text="cannot").wait_for()
    page.unroute("**/litert/index.js*")
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#decision")
    assert sent == [] and "Judged on this device" in words(page)


@pytest.mark.parametrize("path", ["/", "/compare", "/nowhere"])
def test_before_the_scripts_have_come_there_is_nothing_to_send_with(posted, root, path):
    page, sent = posted(path, "**/static/js/**")
    assert page.locator("form").count() == 0
    if path != "/nowhere":
        page.set_input_files("#photo", root / PHOTO)
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
    assert sent == []


def test_a_photo_chosen_before_the_scripts_came_is_judged_when_they_have(
    open_page, root
):
    page = open_page("/about", service_workers="block")
    held = []
    page.route("**/static/js/check.js", lambda route: held.append(route))
    page.goto(page.url.replace("/about", "/"), wait_until="commit")
    page.set_input_files("#photo", root / PHOTO)
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.wait_for_selector("#decision")


def test_a_verdict_never_stands_beside_another_photo(open_page, check, tmp_path):
    page = open_page()
    check(page)
    assert PHOTO.split("/")[-1] in words(page)
    path = tmp_path / "damaged.jpg"
    path.write_bytes(b"\xff\xd8\xff" + b"no photo" * 99)
    page.set_input_files("#photo", path)
    page.wait_for_selector("#result [role=alert]")
    assert page.locator("#decision").count() == 0
    assert page.is_hidden("#work")


def test_of_two_photos_chosen_at_once_the_last_is_judged(open_page, root, check):
    page = open_page()
    check(page)
    for name in ("tone1_even", "tone5_irregular", "tone6_even"):
        page.set_input_files("#photo", root / f"samples/drawn_{name}.png")
    page.locator("figcaption", has_text="tone6_even").wait_for()
    page.wait_for_timeout(500)
    assert "tone6_even" in words(page)


def test_the_verdict_gets_the_focus_and_a_problem_too(open_page, check, tmp_path):
    page = open_page()
    check(page)
    page.locator("#decision:focus").wait_for()
    path = tmp_path / "no.txt"
    path.write_text("no photo")
    check(page, path)
    page.locator("#result [role=alert] h2:focus").wait_for()


@pytest.mark.parametrize(
    "move",
    [
        lambda page: (page.press("#frame", "ArrowLeft"), page.press("#frame", "+")),
        lambda page: page.press("#frame", "-"),
        lambda page: page.click("#frame-whole"),
        lambda page: page.click("#frame", position={"x": 12, "y": 12}),
        lambda page: (page.hover("#frame"), page.mouse.wheel(0, -200)),
    ],
    ids=["keys", "minus", "whole", "tap", "wheel"],
)
def test_each_move_of_the_square_is_judged_anew(open_page, check, move):
    page = open_page()
    check(page, "samples/drawn_tone6_irregular.png")
    before = page.get_attribute("#result figure img", "src")
    move(page)
    changed = page.locator(f'#result figure img:not([src="{before}"])')
    changed.wait_for()
    # It stays with the square, so that the next key moves it too.
    assert page.evaluate("document.activeElement.id") != "decision"


def test_a_drag_moves_the_square_with_the_finger(open_page, check):
    page = open_page()
    check(page, "samples/drawn_tone6_irregular.png")
    before = page.get_attribute("#result figure img", "src")
    box = page.locator("#frame").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 30, middle[1] + 20, steps=4)
    page.mouse.up()
    page.locator(f'#result figure img:not([src="{before}"])').wait_for()


def test_a_drawn_lesion_can_be_tried_with_one_click(open_page, wait_for_model):
    page = open_page()
    wait_for_model(page)
    page.click("[data-sample] >> nth=1")
    page.wait_for_selector("#decision")


def test_a_photo_can_be_dropped_and_pasted(open_page, wait_for_model, root):
    page = open_page()
    wait_for_model(page)
    encoded = base64.b64encode((root / PHOTO).read_bytes()).decode()
    for kind, name in (("drop", "dropped.png"), ("paste", "pasted.png")):
        page.evaluate(
            """({encoded, kind, name}) => {
              const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
              const data = new DataTransfer();
              data.items.add(new File([bytes], name, {type: "image/png"}));
              const settings = {bubbles: true, cancelable: true};
              document.body.dispatchEvent(kind === "drop"
                ? new DragEvent("drop", {...settings, dataTransfer: data})
                : new ClipboardEvent("paste", {...settings, clipboardData: data}));
            }""",
            {"encoded": encoded, "kind": kind, "name": name},
        )
        page.locator("figcaption", has_text=name).wait_for()


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 800}, {"width": 360, "height": 740}]
)
def test_photo_decision_probability_and_map_fit_into_one_window(
    open_page, check, viewport
):
    page = open_page(viewport=viewport)
    check(page, "samples/drawn_tone5_irregular.png")
    page.evaluate("() => scrollTo(0, 0)")
    for part in ("#frame", "#decision", ".reason", ".scale", "#heat", ".picture"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= viewport["height"], part
    assert "not a medical device" in page.inner_text(".top-notice")


def test_a_photo_can_be_checked_with_the_keyboard_alone(
    open_page, wait_for_model, root
):
    page = open_page()
    wait_for_model(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    with page.expect_file_chooser() as chooser:
        page.focus("#photo")
        page.keyboard.press("Enter")
    chooser.value.set_files(root / PHOTO)

    page.locator("#decision:focus").wait_for()


def test_the_console_is_free_of_errors_and_of_what_only_looks_like_one(
    open_page, check, tmp_path
):
    page = open_page("/about")
    said = []
    page.on("console", lambda message: said.append((message.type, message.text)))
    page.goto(page.url.replace("/about", "/"))
    check(page)
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" + b"no photo" * 99)
    check(page, path)

    assert [text for kind, text in said if kind == "error"] == []
    # The runtime's lines are still there for whoever asks for them.
    assert any(kind == "debug" and "XNNPACK" in text for kind, text in said), said


def test_an_error_of_the_runtime_is_still_one(laboratory):
    said = []
    laboratory.on("console", lambda message: said.append((message.type, message.text)))
    for line in ("INFO: a", "WARNING: b", "ERROR: c", "Aborted(d)"):
        laboratory.evaluate("(line) => modules.model.printed(line)", line)

    assert [kind for kind, _ in said] == ["debug", "debug", "error", "error"]
