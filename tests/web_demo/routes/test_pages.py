import base64
import dataclasses
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from web_demo.app import create_app
from web_demo.judging.capacity import Limits
from web_demo.routes.pages import PLAIN

NOTICE = "not a medical device"


def words(answer):
    """The text of a page as a reader meets it: no tags, single spaces."""
    text = re.sub(r"<[^>]+>", " ", answer.text).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(html.unescape(text).split())


class Tags(html.parser.HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_form_asks_for_one_photo_with_a_label(client):
    answer = client.get("/")

    tags = Tags(answer.text).found
    fields = [attributes for tag, attributes in tags if tag == "input"]
    labels = [attributes["for"] for tag, attributes in tags if tag == "label"]
    assert answer.status_code == 200
    files = [field["id"] for field in fields if field["type"] == "file"]
    # The first one is in noscript, the only place of a form that posts.
    assert files == ["photo-to-send", "photo"]
    assert [tag for tag, _ in tags].count("form") == 1
    assert answer.text.index("<noscript>") < answer.text.index("<form")
    shown = {field["id"] for field in fields if field["type"] != "hidden"}
    assert shown <= set(labels)
    assert NOTICE in words(answer)


def test_verdict_says_decision_reason_and_numbers(send, photo):
    answer = send("/verdict", photo)

    assert answer.status_code == 200
    assert '<h1 id="decision">Investigate</h1>' in answer.text
    assert "probability of 83.1 %" in words(answer)
    assert "reaches its threshold of 37.5 %" in words(answer)


def test_verdict_shows_recall_and_specificity_with_intervals(send, photo):
    text = words(send("/verdict", photo))

    assert "270 malignant (recall) 94.0 % 90.9 % to 96.1 %" in text
    assert "353 other (specificity) 74.0 % 69.2 % to 78.3 %" in text
    assert "Not evaluated: skin tone" in text


@pytest.mark.parametrize(
    ("decision", "probability", "heading"),
    [
        ("investigate", 0.9, "Investigate"),
        ("uncertain", 0.3, "Uncertain"),
        ("monitor", 0.1, "Monitor"),
        ("unusable photo", 0.5, "Unusable photo"),
    ],
)
def test_every_verdict_has_its_heading_and_the_notice(
    classifier, send, photo, decision, probability, heading
):
    classifier.verdict = dataclasses.replace(
        classifier.verdict, decision=decision, probability=probability
    )

    answer = send("/verdict", photo)

    assert f'<h1 id="decision">{heading}</h1>' in answer.text
    # Beside the verdict and at the foot of the page.
    assert words(answer).count(NOTICE) == 2
    assert "benign" not in answer.text.lower()


def test_unusable_photo_names_the_fault_and_gives_no_probability(
    classifier, dark, send, photo
):
    classifier.verdict = dark

    text = words(send("/verdict", photo))

    assert "far too dark; give more light" in text
    assert "83.1 %" not in text
    assert "Probability" not in text


def test_a_hostile_file_name_is_only_text(send, photo):
    answer = send("/verdict", photo, name="<script>alert(1)</script>\u202e.png")

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "\u202e" not in answer.text


def test_preview_is_the_middle_square_without_exif(send):
    # Red, green, blue stripes: the middle square of a wide photo is green.
    stripes = np.zeros((100, 300, 3), np.uint8)
    stripes[:, :100, 0] = stripes[:, 100:200, 1] = stripes[:, 200:, 2] = 200
    exif = Image.Exif()
    exif[0x010E] = "patient: Jane Doe"
    encoded = io.BytesIO()
    Image.fromarray(stripes).save(encoded, "JPEG", exif=exif, quality=95)

    page = send("/verdict", encoded.getvalue()).text

    found = re.search(r'src="data:image/jpeg;base64,([^"]+)"', page)
    content = base64.b64decode(found[1])
    preview = Image.open(io.BytesIO(content))
    assert b"Jane Doe" not in content
    assert not preview.getexif()
    assert preview.size == (320, 320)
    red, green, blue = np.asarray(preview.crop((20, 20, 300, 300))).mean(axis=(0, 1))
    # JPEG keeps an even area within a few levels.
    assert abs(green - 200) < 10 and red < 10 and blue < 10


def test_the_heat_map_comes_with_the_verdict_where_it_is_asked_for(client, photo):
    def post(**fields):
        sent = {"photo": (io.BytesIO(photo), "photo.png"), **fields}
        return client.post("/verdict", data=sent)

    plain, asked = post(), post(heat="yes")

    pictures = [
        re.search(r'src="data:image/jpeg;base64,([^"]+)"', answer.text)[1]
        for answer in (plain, asked)
    ]
    sizes = [Image.open(io.BytesIO(base64.b64decode(each))).size for each in pictures]
    assert "Map over the photo" not in plain.text
    assert "Map over the photo: the part" in asked.text
    assert "not what a doctor would look at" in words(asked)
    # Without the English caption that the runtime's map has below.
    assert sizes == [(320, 320), (512, 512)]


def test_reloading_a_verdict_leads_back_to_the_form(client):
    answer = client.get("/verdict")

    assert (answer.status_code, answer.location) == (303, "/")


def test_no_photo_is_explained(client, send):
    for answer in (client.post("/verdict"), send("/verdict", b"", name="")):
        assert answer.status_code == 400
        assert "No photo was sent" in words(answer)


def test_two_photos_are_explained(send, photo):
    answer = send("/verdict", photo, photo)

    assert answer.status_code == 400
    assert "2 photos were sent" in words(answer)


def test_what_is_no_photo_is_explained_and_the_form_offered_again(
    send, hostile, subtests, classifier
):
    for name, content in hostile.items():
        with subtests.test(name):
            answer = send("/verdict", content)
            assert answer.status_code == 422
            assert 'role="alert"' in answer.text
            assert 'type="file"' in answer.text
            assert NOTICE in words(answer)
    assert not classifier.judged


def test_too_large_an_upload_is_explained_with_both_sizes(send, classifier):
    answer = send("/verdict", bytes(2_000_000))

    assert answer.status_code == 413
    assert "You sent 2.0 MB; at most 1.0 MB are accepted" in words(answer)
    assert not classifier.judged


def test_a_form_of_many_parts_is_refused(send):
    answer = send("/verdict", *[b"x"] * 100)

    assert answer.status_code == 413
    assert "holds too many parts" in words(answer)


def test_unknown_page_is_a_page_too(client):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "no such page" in words(answer)


def test_a_broken_classifier_shows_no_traceback(classifier, send, photo, monkeypatch):
    def broken(source):
        raise RuntimeError("internal detail")

    monkeypatch.setattr(classifier, "classify", broken)

    answer = send("/verdict", photo)

    assert answer.status_code == 500
    assert "Your photo was not kept" in words(answer)
    assert "internal detail" not in answer.text


def test_pages_are_fit_for_screen_readers(client, send, photo):
    for answer in (client.get("/"), send("/verdict", photo), send("/verdict", b"no")):
        tags = Tags(answer.text).found
        names = [tag for tag, _ in tags]
        identifiers = [found["id"] for _, found in tags if "id" in found]
        levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
        assert ("html", {"lang": "en"}) in tags
        assert names.count("h1") == names.count("main") == names.count("title") == 1
        assert all("alt" in found for tag, found in tags if tag == "img")
        assert levels == sorted(levels)
        assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("address", [address for _, address, _ in PLAIN])
def test_plain_pages_open_with_the_rate_limit_that_serve_sets(classifier, address):
    client = create_app([classifier], limits=Limits(rate="60 per minute")).test_client()
    assert client.get(address).status_code == 200
