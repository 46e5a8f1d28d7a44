import json

import pytest

from edge_runtime.card import ModelCard


def test_verdict_is_the_classifiers_own(send, photo, verdict, classifier):
    answer = send("/api/v1/classify", photo, name="arm.png")

    # JSON has lists where Python has tuples.
    expected = json.loads(json.dumps({**verdict.to_json(), "photo": "arm.png"}))
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == expected
    assert "not a medical device" in answer.json["notice"]
    assert classifier.judged == [photo]


def test_unusable_photo_is_a_verdict_and_no_error(classifier, dark, send, photo):
    classifier.verdict = dark

    answer = send("/api/v1/classify", photo)

    assert answer.status_code == 200
    assert answer.json["decision"] == "unusable photo"
    assert answer.json["findings"][0]["name"] == "dark"


@pytest.mark.parametrize("photos", [0, 2])
def test_anything_but_one_photo_is_a_problem(send, photo, photos):
    answer = send("/api/v1/classify", *[photo] * photos)

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


def test_health_names_the_model(client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "model": "cnn64.qat_int8"}
