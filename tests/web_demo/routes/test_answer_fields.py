"""Answers about a lesion that come with a photo."""

import dataclasses
import re

import jsonschema
import pytest

from edge_runtime.model.answers import AnswersSpec, Question
from web_demo.app import create_app
from web_demo.judging.capacity import Limits
from web_demo.routes.openapi import reference

QUESTIONS = (
    Question("age", low=0, high=120),
    Question("itch", ("yes", "no")),
    Question("smoke", ("often", "never")),
)


@pytest.fixture
def asking(card):
    """The card of a model that asks."""
    spec = AnswersSpec(QUESTIONS, "uint8", 1 / 255, 0)
    return dataclasses.replace(card, name="asking64.ptq_int8", answers=spec)


@pytest.fixture
def post(asking, card, verdict, stand_in):
    """Post a form to an app with a model that asks and one that does not."""
    stand_ins = [
        stand_in(each, dataclasses.replace(verdict, model=each.name))
        for each in (asking, card)
    ]
    client = create_app(stand_ins, limits=Limits(rate=None)).test_client()

    def run(path, *photos, **fields):
        files = [(io, f"{place}.png") for place, io in enumerate(_open(photos))]
        return client.post(path, data={"photo": files, **fields})

    run.client = client
    return run


def _open(photos):
    import io

    return [io.BytesIO(content) for content in photos]


def test_a_verdict_notes_the_answers(post, photo):
    fields = {"answer_age": "61", "answer_itch": "yes", "answer_smoke": ""}
    answer = post("/api/v1/classify", photo, **fields)

    assert answer.json["results"][0]["answers"] == {"age": 61, "itch": "yes"}


def test_answers_hold_for_all_photos_of_a_request(post, photo):
    answer = post("/api/v1/classify", photo, photo, answer_itch="no")

    told = [each["answers"] for each in answer.json["results"]]
    assert told == [{"itch": "no"}, {"itch": "no"}]


@pytest.mark.parametrize("path", ["/api/v1/classify", "/api/v1/heatmap", "/verdict"])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"answer_age": "300"}, "a number from 0 to 120"),
        ({"answer_itch": "<b>"}, "expected one of yes, no, unknown"),
        ({"answer_itch": "x" * 5000}, "expected one of yes, no, unknown"),
        ({"answer_pain": "yes"}, "the questions are age, itch, smoke"),
        ({"answer_itch": "yes", "model": "cnn64.qat_int8"}, "takes no answers"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_problem(post, photo, path, fields, words):
    heat = {"heat": "yes"} if path == "/verdict" else {}
    answer = post(path, photo, **fields, **heat)

    assert answer.status_code == 422
    assert words in answer.text
    assert "<b>" not in answer.text or answer.mimetype.endswith("json")
    assert len(answer.text) < 20_000


def test_the_form_asks_what_the_card_asks(post, client):
    page = post.client.get("/").text
    names = re.findall(r'name="(answer_\w+)"', page)
    # Once for a browser without scripts, and once for one with them.
    assert names == 2 * ["answer_age", "answer_itch", "answer_smoke"]
    assert 'min="0" max="120"' in page
    assert "Does it itch?" in page
    # What there are no words for is shown by its name.
    assert ">smoke</label>" in page and ">often</option>" in page
    assert page.count('data-models="asking64.ptq_int8"') == 6
    assert "answer_" not in client.get("/").text


def test_the_verdict_page_shows_what_the_model_was_told(post, photo):
    page = post("/verdict", photo, answer_age="61", answer_smoke="often").text
    assert "<dt>Age in years</dt><dd>61</dd>" in page
    assert "<dt>smoke</dt><dd>often</dd>" in page


def test_the_comparison_leaves_all_answers_unknown_and_says_so(post, photo):
    page = post("/compare", photo).text
    assert "judge without answers here" in page
    assert "asking64.ptq_int8" in page


def test_the_description_has_a_field_for_each_question(post, photo):
    document = post.client.get("/openapi.json").json
    operation = document["paths"]["/api/v1/classify"]["post"]
    body = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    fields = body["properties"]
    assert fields["answer_itch"]["enum"] == ["yes", "no", "unknown", ""]
    assert "0 to 120" in fields["answer_age"]["description"]
    schema = {**reference("Verdict"), "components": document["components"]}
    answer = post("/api/v1/classify", photo, answer_age="61.5", answer_itch="no")
    (verdict,) = answer.json["results"]
    assert verdict["answers"] == {"age": 61.5, "itch": "no"}
    jsonschema.validate(verdict, schema)
