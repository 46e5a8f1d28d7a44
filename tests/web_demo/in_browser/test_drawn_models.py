"""Models made for these tests: one network in float and in int8, and one that asks."""

import re

import pytest

from edge_runtime import LesionClassifier
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.lesion_locator import suggested
from web_demo.wording import percent, say

pytestmark = pytest.mark.slow

PHOTO = "samples/drawn_tone3_irregular.png"
PHONE = {"width": 360, "height": 740}

# None, one, and all kinds of answers.
TOLD = (
    {},
    {"bleed": "yes"},
    {"bleed": "no"},
    {"age": 61, "sex": "female", "fitzpatrick": "3", "region": "nose", "itch": "no"},
    {"age": 33.3, "bleed": "unknown"},
    {"age": 0},
    {"age": 120, "elevation": "yes"},
)

STORED = """async ({name, told}) => {
  const {storedAnswers} = await import("/static/js/answers.js");
  const card = (await modules.model.modelCards()).find((each) => each.name === name);
  return [...storedAnswers(card.answers, told)];
}"""

JUDGE = """async ({name, image, told}) => {
  const {model, judge} = modules;
  const card = (await model.modelCards()).find((each) => each.name === name);
  const it = await judge.judgeFor(card);
  const decoded = {...image, rgb: bytes(image.rgb)};
  return it.verdict(decoded, "photo", 0, told);
}"""


@pytest.fixture
def pair(start_server, library, drawn_models):
    return start_server(models=drawn_models[:2]).url


@pytest.fixture
def asking(drawn_models):
    return LesionClassifier.load(drawn_models[2], threads=1)


@pytest.mark.parametrize("where", ["device", "server"])
def test_float_and_int8_of_one_network_stand_side_by_side(
    open_page, pair, drawn_models, root, where, choose
):
    page = open_page("/compare", base=pair)
    choose(page, root / PHOTO, where)
    page.locator("#result tbody tr").nth(1).wait_for()

    rows = page.locator("#result tbody tr").all_inner_texts()
    words = [row.replace("\N{NO-BREAK SPACE}", " ").split("\t") for row in rows]
    for cells, path in zip(words, drawn_models, strict=False):
        expected = LesionClassifier.load(path, threads=1, crop=None).classify(
            root / PHOTO
        )
        shown = percent(expected.probability).replace("\N{NO-BREAK SPACE}", " ")
        assert cells[0] == path.stem
        assert cells[3] == shown
        assert cells[5] == say(f"decision.{expected.decision}")
        assert float(cells[6]) > 0 and float(cells[7]) >= float(cells[6])
    assert [cells[2] for cells in words] == ["32-bit float", "8-bit integers"]


@pytest.fixture
def questioned(laboratory, asking_site):
    """The laboratory, in front of the server with the model that asks."""
    laboratory.goto(f"{asking_site}/about")
    laboratory.evaluate(
        """async () => {
          const names = ["resize", "verdict", "judge", "model", "wording"];
          window.modules = Object.fromEntries(await Promise.all(names.map(
            async (name) => [name, await import(`/static/js/${name}.js`)])));
          window.bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        }"""
    )
    return laboratory


@pytest.mark.parametrize("told", TOLD, ids=str)
def test_answers_count_in_the_page_as_in_python(questioned, asking, packed, root, told):
    card, image = asking.card, read_photo(root / PHOTO)
    # As the form gives them: what is not known is left out.
    given = {name: word for name, word in told.items() if word != "unknown"}
    arguments = {"name": card.name, "told": given, "image": packed(image)}

    stored = questioned.evaluate(STORED, arguments)
    found = questioned.evaluate(JUDGE, arguments)

    expected = asking.classify(image, answers=told)
    assert stored == card.answers.stored(told)[0].tolist()
    assert found["answers"] == expected.answers
    assert found["decision"] == expected.decision
    assert found["reason"] == expected.reason
    assert found["probability"] == pytest.approx(expected.probability, abs=1e-9)


def test_answers_do_change_that_score(asking, root):
    scores = {asking.look(root / PHOTO, told)[0] for told in TOLD}
    assert len(scores) > 1


@pytest.mark.parametrize("where", ["device", "server"])
def test_the_form_asks_and_the_verdict_says_what_was_told(
    open_page, asking_site, asking, root, where, wait_for_model, choose
):
    page = open_page(base=asking_site)
    wait_for_model(page)
    page.select_option("#answer-bleed", "yes")
    page.fill("#answer-age", "61")
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    choose(page, root / PHOTO, where)
    page.wait_for_selector("#decision")

    told = {"bleed": "yes", "age": 61}
    expected = asking.classify(root / PHOTO, told, suggested(root / PHOTO))
    text = page.inner_text("#result").replace("\N{NO-BREAK SPACE}", " ")
    assert percent(expected.probability).replace("\N{NO-BREAK SPACE}", " ") in text
    assert ("POST" in sent) == (where == "server")
    page.click("#result details:last-child summary")
    details = page.inner_text("#result details:last-child")
    assert re.search(r"Age in years\s+61", details)
    assert re.search(r"Has it bled\?\s+yes", details)


def test_questions_go_with_the_model_that_asks(
    open_page, asking_site, model_paths, wait_for_model
):
    page = open_page(base=asking_site, viewport=PHONE)
    wait_for_model(page)
    assert page.is_visible("#answer-age")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.click("#settings summary")
    page.select_option("#model", model_paths[0].stem)
    page.locator("#answers").wait_for(state="hidden")
    assert page.is_disabled("#answer-age")


def test_an_age_that_cannot_be_is_not_judged(
    open_page, asking_site, root, wait_for_model
):
    page = open_page(base=asking_site)
    wait_for_model(page)
    page.fill("#answer-age", "300")
    page.set_input_files("#photo", root / PHOTO)
    page.wait_for_selector("#work:visible")
    assert page.evaluate("document.querySelector('#answer-age').matches(':invalid')")
    assert page.locator("#decision").count() == 0


def test_the_camera_asks_too(open_page, asking_site, wait_for_model):
    page = open_page("/camera", base=asking_site)
    wait_for_model(page)
    page.select_option("#answer-bleed", "yes")
    page.click("#start")
    page.locator("#sharpness-word", has_text=re.compile(r"\w")).wait_for()
    page.click("#capture")
    page.wait_for_selector("#decision")
    page.click("#result details:last-child summary")
    details = page.inner_text("#result details:last-child")
    assert re.search(r"Has it bled\?\s+yes", details)


def test_without_scripts_the_server_is_told(open_page, asking_site, asking, root):
    page = open_page(base=asking_site, java_script_enabled=False)
    page.select_option("#send-answer-bleed", "no")
    page.set_input_files("#photo-to-send", root / PHOTO)
    page.click("button[type=submit]")
    crop = suggested(root / PHOTO)
    expected = asking.classify(root / PHOTO, {"bleed": "no"}, crop)
    text = page.inner_text(".reason").replace("\N{NO-BREAK SPACE}", " ")
    assert percent(expected.probability).replace("\N{NO-BREAK SPACE}", " ") in text
