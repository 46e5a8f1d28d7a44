"""What scripts put on the pages, too, stands in the file of sentences alone."""

import re

import pytest

from web_demo.problems import CODES, Problem
from web_demo.wording import STRINGS

PHOTO = "samples/drawn_tone3_irregular.png"
PLACES = ("#status", "#result", "#history-list", "#hint")

# Names that stay, of programs, units and these files.
OURS = {"lesion", "edge", "photo", "jpg", "png", "drawn", "tone", "irregular", "blank"}
OURS |= {"unusable", "sha", "readme"}

READ = """(places) => {
  const found = [];
  for (const place of document.querySelectorAll(places)) {
    const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const {parentElement, data} = walk.currentNode;
      if (!parentElement.closest("code")) found.push(data);
    }
    for (const each of [place, ...place.querySelectorAll("*")]) {
      for (const name of ["alt", "aria-label", "data-label", "title", "placeholder"]) {
        if (each.hasAttribute(name)) found.push(each.getAttribute(name));
      }
    }
  }
  return found.join(" ");
}"""


def test_problems_read_in_the_page_as_in_the_service(laboratory):
    for code in CODES:
        names = re.findall(r"\{(\w+)\}", STRINGS[f"problem.{code}"])
        values = {name: place for place, name in enumerate(names, start=3)}
        problem = Problem(code, values)
        told = laboratory.evaluate(
            "(problem) => modules.wording.problemWords(problem)",
            {**problem.to_json(), "detail": "the server's words"},
        )
        assert told == problem.detail


@pytest.fixture
def open_foreign(open_page, translation):
    """Open a page whose scripts find the sentences in other letters."""

    def open_it(path, **settings):
        page = open_page("/report", service_workers="block", **settings)
        page.route(
            "**/static/strings.en.json", lambda route: route.fulfill(json=translation)
        )
        page.goto(page.url.replace("/report", path))
        return page

    return open_it


@pytest.fixture
def assert_translated(cards):
    """Fail when a script has put a word on the page that is not of the file."""
    kept = OURS.union(
        *(re.findall("[a-z]{3,}", card.to_json().lower()) for card in cards)
    )

    def check(page):
        text = page.evaluate(READ, ", ".join(PLACES))
        assert re.search("[\uff41-\uff5a]{3}", text), "nothing was put there"
        assert set(re.findall("[a-z]{3,}", text.lower())) - kept == set()

    return check


@pytest.mark.parametrize("where", ["device", "server"])
def test_checking_a_photo(
    open_foreign, assert_translated, root, tmp_path, where, choose
):
    page = open_foreign("/")
    page.wait_for_selector("body[data-model=ready]")
    assert_translated(page)
    choose(page, root / PHOTO, where)
    page.click("#heat")
    page.wait_for_selector("canvas.heat")
    page.click("#keep")
    page.wait_for_selector("#kept")
    assert_translated(page)

    page.check("#where-device")
    for name in ("samples/blank_unusable.png", "samples/README.md"):
        page.set_input_files("#photo", root / name)
        page.wait_for_selector("#result .unusable-photo, #result [role=alert]")
        assert_translated(page)
    damaged = tmp_path / "photo.jpg"
    damaged.write_bytes(b"\xff\xd8\xff" + b"no photo" * 99)
    page.set_input_files("#photo", damaged)
    page.wait_for_selector("#result [role=alert]")
    assert_translated(page)


def test_several_photos(open_foreign, assert_translated, root):
    page = open_foreign("/")
    page.wait_for_selector("body[data-model=ready]")
    photos = (PHOTO, "samples/blank_unusable.png", "samples/README.md")
    page.set_input_files("#photo", [root / each for each in photos])
    page.wait_for_selector("#result tbody")
    assert_translated(page)


@pytest.mark.parametrize("answer", [{"status": 502, "body": "<html>Bad"}, None])
def test_a_proxy_that_answers_and_a_server_that_is_gone(
    open_foreign, assert_translated, root, answer, choose
):
    page = open_foreign("/")
    page.route(
        "**/api/v1/classify",
        lambda route: route.fulfill(**answer) if answer else route.abort(),
    )
    choose(page, root / PHOTO, "server")
    page.wait_for_selector("#result [role=alert]")
    assert ("502" in page.inner_text("#result")) == (answer is not None)
    assert_translated(page)


@pytest.mark.parametrize("address", ["**/models/*.tflite", "**/litert/index.js"])
def test_a_model_that_cannot_be_loaded(open_foreign, assert_translated, address):
    page = open_foreign("/report")
    page.route(address, lambda route: route.fulfill(status=404, body="gone"))
    page.goto(page.url.replace("/report", "/"))
    page.wait_for_selector("body[data-model=missing]")
    assert_translated(page)


def test_the_comparison(open_foreign, assert_translated, root):
    page = open_foreign("/compare")
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#result tbody")
    assert_translated(page)


def test_the_camera(open_foreign, assert_translated):
    page = open_foreign("/camera")
    page.click("#start")
    page.locator("#sharpness-word", has_text=re.compile("[\uff41-\uff5a]")).wait_for()
    page.click("#capture")
    page.wait_for_selector("#decision")
    assert_translated(page)
