"""Results kept in the browser: noted, compared, exported, imported, deleted."""

import json

import pytest

PHOTO = "samples/drawn_tone3_irregular.png"
KEY = "lesion-edge-history"


def entry(kept="2026-01-02T10:00:00Z", name="shoulder", probability=0.25, **verdict):
    share = {"value": 0.9, "low": 0.8, "high": 0.95, "successes": 9, "n": 10}
    return {
        "kept": kept,
        "preview": "data:image/png;base64,iVBORw0KGgo=",
        "lesion": {"name": name, "site": "back", "diameter": "6.5"},
        "verdict": {
            "photo": "arm.jpg",
            "decision": "monitor",
            "probability": probability,
            "threshold": 0.4,
            "model": "cnn64",
            "accuracy": {"recall": share, "specificity": share},
            **verdict,
        },
    }


@pytest.fixture
def open_history(open_page):
    """Open the history with these entries stored."""

    def open_it(*entries):
        page = open_page("/about")
        page.evaluate(
            "([key, text]) => localStorage.setItem(key, text)",
            [KEY, json.dumps(entries)],
        )
        page.goto(page.url.replace("/about", "/history"))
        return page

    return open_it


def stored(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}') ?? '[]'"))


def test_a_result_is_kept_on_request_with_notes_for_this_lesion_alone(
    open_page, wait_for_model, root
):
    page = open_page()
    wait_for_model(page)
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#decision")
    assert stored(page) == []
    page.click("#lesion summary")
    page.fill("#lesion-name", "left shoulder")
    page.select_option("#lesion-site", "back")
    page.click("#keep")
    page.wait_for_selector("#kept")
    assert page.input_value("#lesion-name") == page.input_value("#lesion-site") == ""

    page.click("#kept a")
    page.wait_for_selector("article")
    assert "left shoulder" in page.inner_text("article h2")
    assert "back" in page.inner_text("article")
    assert "not a medical device" in page.inner_text("body")


def test_the_same_lesion_is_compared_over_time(open_history):
    later = entry("2026-03-02T10:00:00Z", probability=0.31)
    other = entry("2026-04-02T10:00:00Z", name="leg", probability=0.9)
    page = open_history(entry(), later, other)
    page.locator("article").nth(2).wait_for()
    texts = page.locator("article").all_inner_texts()
    assert ["+6 percentage points" in text for text in texts] == [False, True, False]


def test_deleting_asks_first(open_history):
    page = open_history(entry(), entry("2026-03-02T10:00:00Z"))
    page.click("article button >> nth=0")
    page.click("article .question button.quiet")
    assert len(stored(page)) == 2
    page.click("article button >> nth=0")
    page.click("article .question button:not(.quiet)")
    page.locator("#status", has_text="deleted").wait_for()
    assert [each["kept"] for each in stored(page)] == ["2026-01-02T10:00:00Z"]
    page.click("#history-delete")
    assert len(stored(page)) == 1
    page.click(".question button:not(.quiet)")
    page.locator("#status", has_text="Everything").wait_for()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    "odd",
    [None, 3, "text", {}, {"kept": "x"}, {"verdict": None}, {"kept": 1, "verdict": {}},
     {**entry(), "preview": "javascript:alert(1)"}, entry(probability=None),
     entry(decision="benign"), {**entry(), "lesion": 7}, entry(accuracy=None)],
    ids=str,
)  # fmt: skip
def test_one_odd_entry_stops_nothing(open_history, odd):
    page = open_history(odd, entry())
    page.locator("article").first.wait_for()
    assert "shoulder" in page.locator("article").first.inner_text()
    assert page.is_visible("#history-delete")


def test_what_was_exported_can_be_taken_in_elsewhere(open_history, tmp_path):
    page = open_history(entry(), entry("2026-03-02T10:00:00Z"))
    with page.expect_download() as download:
        page.click("#history-export")
    path = tmp_path / "history.json"
    download.value.save_as(path)
    exported = json.loads(path.read_text())
    assert "not a medical device" in exported["notice"]

    fresh = open_history(entry())
    fresh.set_input_files("#history-import", path)
    fresh.locator("#status", has_text="1 results were taken in; 1 were here").wait_for()
    assert stored(fresh) == exported["entries"]
    path.write_text("no json")
    fresh.set_input_files("#history-import", path)
    fresh.locator("#status", has_text="holds no results").wait_for()


def test_with_no_room_left_it_says_so_and_things_can_be_deleted(
    open_page, wait_for_model, root
):
    page = open_page()
    wait_for_model(page)
    page.evaluate(
        "() => { Storage.prototype.setItem = () => {"
        " throw new DOMException('full', 'QuotaExceededError') } }"
    )
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#decision")
    page.click("#keep")
    page.locator("#kept", has_text="no more room").wait_for()
    assert page.is_visible("#kept a")


def test_one_lesion_stands_side_by_side_over_time(open_history):
    later = entry("2026-03-02T10:00:00Z", probability=0.31)
    page = open_history(entry(), later, entry("2026-04-02T10:00:00Z", name="leg"))
    page.locator(".over-time").wait_for()
    assert page.locator(".over-time").count() == 1
    first, second = page.locator(".over-time li").all_inner_texts()
    assert "25.0" in first and "31.0" in second
    assert "+6 percentage points" in second and "points" not in first
