import json

import jsonschema
import pytest

from web_demo.routes.openapi import named_schemas


@pytest.fixture
def description(client):
    return client.get("/openapi.json").json


def test_every_route_for_programs_is_described(app, description):
    described = set(description["paths"])

    routes = {rule.rule for rule in app.url_map.iter_rules()}
    expected = {route for route in routes if route.startswith("/api/v1/")}
    assert description["openapi"].startswith("3.1")
    assert described == expected | {"/healthz", "/readyz", "/metrics"}


def test_metrics_are_described_as_text(description, client):
    responses = description["paths"]["/metrics"]["get"]["responses"]
    assert responses["200"]["content"] == {"text/plain": {"schema": {"type": "string"}}}
    assert client.get("/metrics").mimetype == "text/plain"


def answers_to(description, path, method="get", status="200"):
    responses = description["paths"][path][method]["responses"]
    (content,) = responses[status]["content"].values()
    return {**content["schema"], "components": description["components"]}


def test_answers_are_as_described(description, client, send, photo):
    for path in ("/api/v1/models", "/healthz", "/readyz"):
        jsonschema.validate(client.get(path).json, answers_to(description, path))
    path = "/api/v1/classify"
    schema = answers_to(description, path, "post")
    for photos in ([photo], [photo, b"no photo"]):
        jsonschema.validate(send(path, *photos).json, schema)
    heat = answers_to(description, "/api/v1/heatmap", "post")
    jsonschema.validate(send("/api/v1/heatmap", photo).json, heat)
    problem = answers_to(description, path, "post", "422")
    jsonschema.validate(send(path, b"no photo").json, problem)


def test_a_wrong_answer_would_be_noticed(description, send, photo):
    schema = answers_to(description, "/api/v1/classify", "post")
    (verdict,) = send("/api/v1/classify", photo).json["results"]
    for name in ("decision", "notice", "probability"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"results": [{**verdict, name: []}]}, schema)


def test_schemas_are_schemas_and_say_what_fields_mean():
    for schema in named_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    fields = named_schemas()["Verdict"]["properties"]
    assert "calibrated" in fields["probability"]["description"]


def test_the_page_shows_every_operation(client, description):
    page = client.get("/api").text

    for path, methods in description["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page
    assert json.dumps("Verdict").strip('"') in page
