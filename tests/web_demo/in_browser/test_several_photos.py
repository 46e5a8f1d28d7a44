"""Several photos at once, sharing, and how much of the model has come."""

import csv

import pytest

from web_demo.wording import say

PHOTOS = (
    "samples/drawn_tone3_irregular.png",
    "samples/drawn_tone1_even.png",
    "samples/blank_unusable.png",
    "samples/README.md",
)


@pytest.fixture
def table(open_page, wait_for_model, root):
    """A page that has judged all of them."""
    page = open_page()
    wait_for_model(page)
    page.wait_for_selector("body[data-offline=ready]")
    page.sent = []
    page.on("request", lambda request: page.sent.append(request.url))
    page.set_input_files("#photo", [root / each for each in PHOTOS])
    page.wait_for_selector("#result tbody")
    return page


def test_of_several_photos_each_has_a_row_and_nothing_is_sent(table):
    assert table.locator("#batch-title:focus").count() == 1
    rows = table.locator("#result tbody tr").all_inner_texts()
    assert len(rows) == 4
    for row, path in zip(rows, PHOTOS, strict=True):
        assert path.split("/")[1] in row
    assert say("decision.unusable photo") in rows[2]
    assert say("batch.refused") in rows[3] and "expected a JPEG" in rows[3]
    assert "not a medical device" in table.inner_text("#result caption")
    assert [url for url in table.sent if not url.startswith(("blob:", "data:"))] == []


def test_rows_say_what_the_photo_alone_gets(table, open_page, wait_for_model, root):
    row = table.locator("#result tbody tr").nth(0)
    cells = row.locator("td").all_inner_texts()
    row.locator("button").click()
    table.wait_for_selector("#decision")
    assert table.inner_text("#decision") == cells[0]
    assert cells[1] in table.inner_text("#result .reason")
    assert table.is_visible("#frame")


def test_the_table_can_be_saved(table, tmp_path):
    with table.expect_download() as download:
        table.click("#batch-save")
    path = tmp_path / "table.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == [each.split("/")[1] for each in PHOTOS]
    assert 0 < float(rows[0]["probability"]) < 1 and rows[2]["probability"] == ""


def test_no_name_is_a_formula(laboratory):
    text = laboratory.evaluate(
        """async () => {
          const {table} = await import("/static/js/batch.js");
          const names = ["=1+1", "+a", "-a", "@a", 'a "b", c'];
          return table(names.map((name) => ({file: {name}, problem: "no photo"})));
        }"""
    )
    names = [row[0] for row in csv.reader(text.splitlines())][1:]
    assert names == ["'=1+1", "'+a", "'-a", "'@a", 'a "b", c']


def test_another_choice_ends_the_judging_of_several(open_page, wait_for_model, root):
    page = open_page()
    wait_for_model(page)
    page.set_input_files("#photo", [root / PHOTOS[0]] * 12)
    page.set_input_files("#photo", root / PHOTOS[1])
    page.wait_for_selector("#decision")
    page.wait_for_timeout(1500)
    assert page.locator("#result tbody tr td").count() == 0 or page.is_visible("#frame")
    assert page.locator(".batch").count() == 0
    assert "drawn_tone1_even" in page.inner_text("#result figcaption")


def test_a_result_is_shared_only_by_the_button(open_page, wait_for_model, root):
    page = open_page()
    wait_for_model(page)
    page.evaluate(
        """() => {
          window.shared = [];
          navigator.share = async ({title, text, files}) => {
            const [file] = files;
            const start = new Uint8Array(await file.slice(0, 3).arrayBuffer());
            shared.push({title, text, type: file.type, start: [...start]});
          };
          navigator.canShare = () => true;
        }"""
    )
    page.set_input_files("#photo", root / PHOTOS[0])
    page.wait_for_selector("#decision")
    assert page.evaluate("shared") == []
    page.click("#share")
    page.wait_for_timeout(300)
    (told,) = page.evaluate("shared")
    assert page.inner_text("#decision") in told["text"]
    assert "not a medical device" in told["text"]
    assert (told["type"], told["start"]) == ("image/jpeg", [0xFF, 0xD8, 0xFF])


def test_without_sharing_there_is_no_button(open_page, wait_for_model, root):
    page = open_page()
    page.evaluate("() => { navigator.share = undefined }")
    wait_for_model(page)
    page.set_input_files("#photo", root / PHOTOS[0])
    page.wait_for_selector("#keep")
    assert page.locator("#share").count() == 0


def test_loading_is_told_in_megabytes_of_what_is_sent(open_page):
    page = open_page("/about", service_workers="block")
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.said = [];
          const status = document.getElementById("status");
          new MutationObserver(() => said.push(status.textContent))
            .observe(status, {childList: true});
        })"""
    )
    page.goto(page.url.replace("/about", "/"))
    page.wait_for_selector("body[data-model=ready]")
    counts = [
        tuple(float(word) for word in each.split() if word[0].isdigit())
        for each in page.evaluate("said")
        if each.endswith("MB")
    ]
    assert counts and all(done <= whole for done, whole in counts)
    # The library compressed, and the model: not the 9 MB that it unpacks to.
    assert 1.5 < counts[-1][1] < 5 and counts[-1][0] == counts[-1][1]
