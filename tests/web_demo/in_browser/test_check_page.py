"""Checking a photo: on this device, on the server, without scripts."""

import dataclasses
import json
import re

import pytest

from web_demo.wording import say, with_interval

PHOTO = "samples/drawn_tone3_irregular.png"


@pytest.fixture
def check(root, wait_for_model):
    """Check a photo on an opened page, with the model inside it ready."""

    def run(page, photo=PHOTO, *, where="device"):
        wait_for_model(page)
        page.check(f"#where-{where}")
        page.set_input_files("#photo", root / photo)
        page.click("button[type=submit]")
        page.wait_for_selector("#result .card")

    return run


def words(page):
    return page.inner_text("#result").replace("\N{NO-BREAK SPACE}", " ")


def test_a_photo_stays_on_the_device_unless_told_otherwise(
    open_page, check, wait_for_model, python_says
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
    page.wait_for_selector("#history table")

    # Local addresses of the page's own making are no network.
    assert [
        each.url for each in sent if not each.url.startswith(("blob:", "data:"))
    ] == []
    expected = python_says(PHOTO)
    assert f"{100 * expected.probability:.1f} %" in words(page)
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


def test_another_model_can_be_chosen(open_page, check, cards, python_says):
    page = open_page()
    page.select_option("#model", cards[1].name)
    check(page)

    page.click("#result summary")
    assert cards[1].name in words(page)
    assert f"{100 * python_says(PHOTO, 1).probability:.1f} %" in words(page)


@pytest.mark.parametrize("where", ["device", "server"])
def test_what_is_no_photo_is_explained(open_page, check, tmp_path, where):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" + b"no photo" * 99)
    page = open_page()

    check(page, path, where=where)

    alert = page.inner_text("#result [role=alert]")
    assert "photo" in alert
    assert "Traceback" not in alert


def test_history_is_kept_on_request_exported_and_deleted(
    open_page, check, tmp_path, python_says
):
    page = open_page()
    check(page)
    assert page.evaluate("localStorage.length") == 0
    page.click("#lesion summary")
    page.select_option("#lesion-site", "back")
    page.fill("#lesion-diameter", "6.5")
    page.click("#keep")
    page.wait_for_selector("#history table")
    with page.expect_download() as download:
        page.click("#history-export")
    path = tmp_path / "history.json"
    download.value.save_as(path)
    (entry,) = json.loads(path.read_text())["entries"]
    page.reload()
    assert page.locator("#history tbody tr").count() == 1
    shown = page.inner_text("#history tbody tr").replace("\N{NO-BREAK SPACE}", " ")
    expected = python_says(PHOTO)
    measured = expected.accuracy
    assert f"{100 * expected.probability:.1f} % (threshold" in shown
    assert expected.model in shown
    for kind in ("recall", "specificity"):
        share = getattr(measured, kind)
        assert with_interval(share).replace("\N{NO-BREAK SPACE}", " ") in shown
        assert entry["verdict"]["accuracy"][kind] == dataclasses.asdict(share)
    assert entry["verdict"]["threshold"] == expected.threshold
    assert "not a medical device" in page.inner_text("#history caption")

    page.click("#history-delete")

    assert entry["lesion"]["site"] == "back" and entry["lesion"]["diameter"] == "6.5"
    assert entry["verdict"]["decision"] == python_says(PHOTO).decision
    assert page.evaluate("localStorage.length") == 0
    assert page.locator("#history table").count() == 0


def test_without_scripts_the_server_judges_and_says_so(open_page, root, python_says):
    page = open_page(java_script_enabled=False)
    assert "sent to the computer that serves this page" in page.inner_text("form")

    page.set_input_files("#photo", root / PHOTO)
    page.check("#with-heat")
    page.click("button[type=submit]")

    assert page.inner_text("h1") == say(f"decision.{python_says(PHOTO).decision}")
    assert "Map over the photo" in page.get_attribute("figure img", "alt")


def test_without_the_library_the_server_is_chosen_and_the_reason_given(
    open_page, root, check
):
    # A worker would have the files stored already.
    page = open_page("/about", service_workers="block")
    page.route("**/litert/index.js", lambda route: route.abort())
    page.goto(page.url.replace("/about", "/"))
    page.locator("#status", has_text="cannot").wait_for()

    assert page.is_checked("#where-server")
    assert page.is_disabled("#where-device")


def test_a_photo_can_be_checked_with_the_keyboard_alone(
    open_page, wait_for_model, root
):
    page = open_page()
    wait_for_model(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.set_input_files("#photo", root / PHOTO)
    page.focus("button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#decision")

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
