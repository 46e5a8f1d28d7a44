"""Everything that people read on the pages stands in the one file of sentences."""

import ast
import dataclasses
import html.parser
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from edge_runtime.errors import AnswerError
from edge_runtime.model.answers import AnswersSpec, Question, none_asked
from edge_runtime.photos import faults
from edge_runtime.photos.preprocessing import preprocess
from edge_runtime.photos.quality import FINDING_NAMES, photo_findings
from web_demo import wording
from web_demo.app import create_app
from web_demo.judging.capacity import Limits
from web_demo.problems import CODES, Problem, input_problem

QUESTIONS = (Question("age", low=0, high=120), Question("itch", ("yes", "no")))


@pytest.mark.parametrize("code", CODES)
def test_every_problem_has_a_sentence_and_a_title(code):
    assert f"problem.{code}" in wording.STRINGS
    assert Problem(code, dict.fromkeys(places(f"problem.{code}"), 1)).title


def places(key):
    return re.findall(r"\{(\w+)\}", wording.STRINGS[key])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("edge_runtime/photos/faults.py", "photo"),
        ("edge_runtime/model/answers.py", "answer"),
        ("web_demo/judging/uploads.py", "photo"),
    ],
)
def test_every_fault_in_the_code_is_a_problem(root, path, kind):
    calls = [
        node
        for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    faults = [
        word.value.value
        for call in calls
        for word in call.keywords
        if word.arg == "fault" and isinstance(word.value, ast.Constant)
    ]
    faults += [
        node.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "_refusal"
        for node in ast.walk(call.args[0])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(faults) >= 2
    assert {f"{kind}.{fault}" for fault in faults} <= set(CODES)


# What a page takes is narrower than what the runtime reads, so its sentences about
# the empty and the unreadable file are its own.
@pytest.mark.parametrize(
    "error",
    [
        faults.damaged("photo", ValueError("broken data")),
        faults.too_large("photo", 89_478_485),
        faults.too_many_pixels("photo", 30_000, 20_000, 89_478_485),
        faults.moving("photo", 12),
        faults.overfull("photo", "chunks", 1000),
    ],
    ids=lambda error: error.fault,
)
def test_the_page_says_of_a_photo_what_the_runtime_says(error):
    assert input_problem(error).detail == f"The {error}"


@pytest.mark.parametrize(
    "answers", [{"itch": "perhaps"}, {"age": 300}, {"age": "x"}, {"pain": "yes"}]
)
def test_the_page_says_of_an_answer_what_the_runtime_says(answers):
    with pytest.raises(AnswerError) as caught:
        AnswersSpec(QUESTIONS, "uint8", 1 / 255, 0).stored(answers)
    said, error = Problem(f"answer.{caught.value.fault}", caught.value.values), caught
    assert said.detail.lower() == f"{error.value}.".lower()


def test_the_page_says_of_needless_answers_what_the_runtime_says():
    error = none_asked("cnn64", {"itch": "yes", "age": 3})
    said = Problem(f"answer.{error.fault}", error.values).detail
    assert said == f"The model {error}."


def poor_photos():
    """Pictures that something speaks against, each finding at least once."""
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (100, 120, 3)).astype(np.uint8)
    yield from (noise, noise[:20, :20], noise[:40, :40], noise // 20, 255 - noise // 20)
    yield np.full((150, 150, 3), (200, 150, 120), np.uint8)
    slope = np.linspace(120, 200, 150)[:, None, None] * np.array([1, 0.8, 0.7])
    yield np.broadcast_to(slope, (150, 150, 3)).astype(np.uint8)
    # An eighth of the look is white: a share that ends in a half per cent.
    eighth = np.full((128, 128, 3), (200, 150, 120), np.uint8)
    eighth[:16] = 255
    yield eighth
    yield noise[..., [0, 0, 0]]


def test_findings_read_as_in_the_runtime():
    names = set()
    for image in poor_photos():
        for finding in photo_findings(image, preprocess(image, 64)):
            assert wording.finding_words(finding, 64) == finding.message
            names.add(finding.name)
    assert names == set(FINDING_NAMES)


def test_the_manifest_reads_as_the_file_says(root):
    path = root / "web_demo/static/manifest.webmanifest"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["name"] == wording.say("app")
    assert manifest["description"] == wording.say("notice")


class Words(html.parser.HTMLParser):
    """What a page shows or says aloud; not what a shell or a program is to read."""

    def __init__(self, page):
        super().__init__()
        self.within, self.found = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag in ("code", "pre", "script", "style"):
            self.within.append(tag)
        spoken = ("alt", "aria-label", "placeholder", "title", "data-label")
        self.found += [value or "" for name, value in attributes if name in spoken]

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, text):
        if not self.within:
            self.found.append(text)


# What the card says is its maker's; names of programs, models and files stay.
OURS = {"lesion", "edge", "tflite", "photo", "jpg", "png", "asking", "ptq"}


def plain_words(texts, card):
    """Words of three letters or more that no translation has touched."""
    kept = OURS | set(re.findall("[a-z]{3,}", card.to_json().lower()))
    found = set(re.findall("[a-z]{3,}", " ".join(texts).lower()))
    return found - kept


@pytest.fixture
def translated(translation, monkeypatch):
    """The pages in a language of other letters."""
    monkeypatch.setattr(wording, "STRINGS", translation)


@pytest.fixture
def foreign(translated, card, verdict, stand_in):
    """A client of pages in that language, with a model that asks."""
    answers = AnswersSpec(QUESTIONS, "uint8", 1 / 255, 0)
    asking = dataclasses.replace(card, name="asking64.ptq_int8", answers=answers)
    stand_ins = [
        stand_in(each, dataclasses.replace(verdict, model=each.name))
        for each in (card, asking)
    ]
    app = create_app(stand_ins, limits=Limits(max_upload_bytes=10**6, rate=None))
    return app.test_client()


@pytest.mark.parametrize(
    "path", ["/", "/camera", "/compare", "/report", "/models", "/about", "/offline"]
)
def test_a_page_shows_only_sentences_of_the_file(foreign, card, path):
    answer = foreign.get(path)
    assert answer.status_code == 200
    assert plain_words(Words(answer.text).found, card) == set()


def post(client, path, *photos, **fields):
    files = [(io.BytesIO(content), "photo.png") for content in photos]
    return client.post(path, data={"photo": files, **fields})


@pytest.mark.parametrize("path", ["/verdict", "/compare"])
def test_a_verdict_shows_only_sentences_of_the_file(foreign, card, photo, path):
    told = {"answer_itch": "yes", "model": "asking64.ptq_int8", "heat": "yes"}
    answer = post(foreign, path, photo, **told if path == "/verdict" else {})
    assert answer.status_code == 200
    assert plain_words(Words(answer.text).found, card) == set()


def test_findings_show_only_sentences_of_the_file(translated, card, dark, stand_in):
    for image in poor_photos():
        findings = photo_findings(image, preprocess(image, 64))
        poor = dataclasses.replace(dark, findings=findings)
        client = create_app([stand_in(card, poor)]).test_client()
        answer = post(client, "/verdict", png(image))
        assert answer.status_code == 200
        assert plain_words(Words(answer.text).found, card) == set()


def png(image):
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    return encoded.getvalue()


def test_problems_show_only_sentences_of_the_file(foreign, card, hostile, photo, form):
    large, content_type = form(bytes(2_000_000))
    answers = [post(foreign, "/verdict", content) for content in hostile.values()]
    answers += [
        post(foreign, "/verdict"),
        post(foreign, "/verdict", photo, photo),
        foreign.post("/verdict", data=large, content_type=content_type),
        post(foreign, "/verdict", photo, model="none"),
        foreign.get("/nowhere"),
        foreign.post("/about"),
        foreign.post("/verdict", headers={"Origin": "http://elsewhere.example"}),
    ]
    assert {answer.status_code for answer in answers} == {400, 403, 404, 405, 413, 422}
    for answer in answers:
        assert plain_words(Words(answer.text).found, card) == set()


def test_a_page_shows_the_detail_that_programs_get(send, hostile):
    for content in hostile.values():
        told = send("/api/v1/classify", content).json
        assert told["detail"] in html.unescape(send("/verdict", content).text)
        assert Problem(told["code"], told["values"]).detail == told["detail"]
