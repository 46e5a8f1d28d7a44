import dataclasses
import io
import json

import pytest

from edge_runtime.heat_map import heat_map
from edge_runtime.model.card import ModelCard
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess
from web_demo.app import create_app
from web_demo.judging.capacity import Limits


def test_verdict_is_the_classifiers_own(send, photo, verdict, classifier):
    answer = send("/api/v1/classify", photo, name="arm.png")

    # JSON has lists where Python has tuples.
    expected = json.loads(json.dumps({**verdict.to_json(), "photo": "arm.png"}))
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    (told,) = answer.json["results"]
    timings_ms, own_ms = told.pop("timings_ms"), expected.pop("timings_ms")
    assert told == expected
    # The service decodes the photo before the classifier sees it.
    assert timings_ms["decode"] > own_ms["decode"]
    assert timings_ms["total"] - own_ms["total"] == pytest.approx(
        timings_ms["decode"] - own_ms["decode"]
    )
    assert "not a medical device" in told["notice"]
    assert len(classifier.judged) == 1


def test_unusable_photo_is_a_verdict_and_no_error(classifier, dark, send, photo):
    classifier.verdict = dark

    answer = send("/api/v1/classify", photo)

    assert answer.status_code == 200
    (found,) = answer.json["results"]
    assert found["decision"] == "unusable photo"
    assert found["findings"][0]["name"] == "dark"
    assert found["label"] is None


def test_a_verdict_carries_its_reason_recall_and_specificity(send, photo, card):
    (found,) = send("/api/v1/classify", photo).json["results"]

    measured = found["accuracy"]
    assert "83.1 %" in found["reason"] and "37.5 %" in found["reason"]
    assert measured["split"] == "test_clean"
    assert measured["recall"] == dataclasses.asdict(card.accuracy[1].recall)
    assert measured["specificity"] == dataclasses.asdict(card.accuracy[1].specificity)


@pytest.mark.parametrize("photos", [0, 17])
def test_no_photo_and_too_many_are_a_problem(send, photo, photos):
    answer = send("/api/v1/classify", *[photo[:50]] * photos)

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 400
    assert "photo" in answer.json["detail"]


def test_what_is_no_photo_is_a_problem(send, hostile, subtests, classifier):
    for name, content in hostile.items():
        with subtests.test(name):
            answer = send("/api/v1/classify", content)
            assert answer.status_code == 422
            assert answer.mimetype == "application/problem+json"
            assert answer.json["title"] == "The photo cannot be judged"
    assert not classifier.judged


def test_too_large_an_upload_is_a_problem(send):
    answer = send("/api/v1/classify", bytes(2_000_000))

    assert answer.status_code == 413
    assert answer.json["status"] == 413
    assert "at most 1.0 MB" in answer.json["detail"]


def test_wrong_method_says_which_is_right(client):
    answer = client.get("/api/v1/classify")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.mimetype == "application/problem+json"


def test_unknown_address_is_a_problem(client):
    answer = client.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_models_are_described_by_their_cards(client, card):
    models = client.get("/api/v1/models").json["models"]

    assert [ModelCard.from_json(json.dumps(model)) for model in models] == [card]


def test_several_photos_give_a_verdict_or_a_problem_each(send, photo, bomb):
    answer = send("/api/v1/classify", photo, b"no photo", bomb, photo)

    kinds = [result.get("type") for result in answer.json["results"]]
    assert answer.status_code == 200
    problems = [
        f"urn:lesion-edge:problem:photo.{fault}"
        for fault in ("unreadable", "pixels_other")
    ]
    assert kinds == ["verdict", *problems, "verdict"]
    for result in answer.json["results"][1:3]:
        assert result["status"] == 422
        assert result["photo"] == "photo.jpg"
        assert "photo" in result["detail"]


def test_photos_that_no_time_is_left_for_are_named(classifier, form, photo):
    app = create_app([classifier], limits=Limits(request_s=-1, rate=None))
    body, content_type = form(photo, photo)

    answer = app.test_client().post(
        "/api/v1/classify", data=body, content_type=content_type
    )

    assert answer.status_code == 200
    assert all("No time" in result["detail"] for result in answer.json["results"])
    assert not classifier.judged


def test_the_heat_map_is_the_runtimes(send, photo, classifier):
    answer = send("/api/v1/heatmap", photo)

    pixels = preprocess(read_photo(photo), classifier.card.input.size_px)
    expected = heat_map(classifier.score, pixels)
    assert answer.status_code == 200
    assert answer.json["gain"] == expected.gain.tolist()
    assert answer.json["inferences"] == expected.inferences == 129
    assert "not a medical device" in answer.json["notice"]


def test_a_heat_map_of_no_photo_is_a_problem(send, hostile, subtests):
    for name, content in hostile.items():
        with subtests.test(name):
            assert send("/api/v1/heatmap", content).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/heatmap", "/compare"])
def test_what_takes_too_long_is_given_up(classifier, form, photo, path):
    app = create_app([classifier], limits=Limits(request_s=-1, rate=None))
    body, content_type = form(photo)

    answer = app.test_client().post(path, data=body, content_type=content_type)

    assert answer.status_code == 503
    assert "took too long" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert not classifier.judged


@pytest.fixture
def two(card, verdict, stand_in):
    """An app with two models and a client for it."""
    other = dataclasses.replace(card, name="cnn32.qat_int8")
    stand_ins = [
        stand_in(each, dataclasses.replace(verdict, model=each.name))
        for each in (card, other)
    ]
    return create_app(stand_ins, limits=Limits(rate=None)).test_client()


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", "cnn64.qat_int8"), ("?model=cnn32.qat_int8", "cnn32.qat_int8")],
)
def test_a_model_is_chosen_by_its_name(two, form, photo, query, expected):
    body, content_type = form(photo)

    answer = two.post(f"/api/v1/classify{query}", data=body, content_type=content_type)

    assert answer.json["results"][0]["model"] == expected


def test_an_unknown_model_is_a_problem_that_names_those_there_are(two, form, photo):
    body, content_type = form(photo)

    answer = two.post(
        "/api/v1/classify?model=none", data=body, content_type=content_type
    )

    assert answer.status_code == 404
    assert "cnn64.qat_int8, cnn32.qat_int8" in answer.json["detail"]


def test_health_names_the_models(client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "models": ["cnn64.qat_int8"]}


def test_the_rate_limit_says_when_to_come_back(classifier, form, photo):
    app = create_app([classifier], limits=Limits(rate="2 per minute"))
    body, content_type = form(photo)

    def post():
        return app.test_client().post(
            "/api/v1/classify", data=body, content_type=content_type
        )

    answers = [post() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 61
    assert answers[2].mimetype == "application/problem+json"
    assert app.test_client().get("/healthz").status_code == 200


def test_metrics_count_verdicts_and_requests_without_names(client, send, photo):
    send("/api/v1/classify", photo, name="Jane Doe.png")
    send("/api/v1/classify", b"no photo")
    client.get("/Jane-Doe")

    text = client.get("/metrics").text

    model = 'model="cnn64.qat_int8"'
    assert f'lesion_edge_verdicts_total{{decision="investigate",{model}}} 1.0' in text
    posted = 'endpoint="api.classify",method="POST"'
    assert f'lesion_edge_requests_total{{{posted},status="422"}} 1.0' in text
    assert "Jane" not in text


def test_one_limit_counts_photos_wherever_they_are_sent(classifier, photo):
    app = create_app([classifier], limits=Limits(rate="4 per minute"))
    client = app.test_client()
    statuses = [
        client.post(path, data={"photo": (io.BytesIO(photo), "photo.png")}).status_code
        for path in 2 * ("/api/v1/classify", "/api/v1/heatmap", "/verdict", "/compare")
    ]
    assert statuses == 4 * [200] + 4 * [429]


def test_requests_without_photos_are_limited_too(classifier):
    limits = Limits(rate=None, all_rate="5 per minute")
    client = create_app([classifier], limits=limits).test_client()
    paths = ("/", "/healthz", "/about", "/openapi.json", "/models", "/", "/healthz")
    assert [client.get(path).status_code for path in paths] == 5 * [200] + 2 * [429]


def test_of_an_unusable_photo_no_probability_is_told(card, dark, stand_in, photo):
    client = create_app([stand_in(card, dark)]).test_client()
    sent = {"photo": (io.BytesIO(photo), "photo.png")}
    (found,) = client.post("/api/v1/classify", data=sent).json["results"]
    assert found["decision"] == "unusable photo"
    assert found["probability"] is None and found["label"] is None


def test_two_models_named_at_once_are_a_mistake(client, photo):
    sent = {"photo": (io.BytesIO(photo), "photo.png"), "model": "one"}
    answer = client.post("/api/v1/classify?model=two", data=sent)
    assert (answer.status_code, answer.json["code"]) == (400, "request.two_models")


@pytest.mark.parametrize(
    "path", ["/api/nowhere", "/api/v1/nowhere", "/api/v2/classify"]
)
def test_every_mistake_below_api_is_problem_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
