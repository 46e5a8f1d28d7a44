"""The REST service: the same verdicts as JSON, for programs."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from edge_runtime.verdict import Verdict
from web_demo.capacity import Limits
from web_demo.judging import Judge, Refusal
from web_demo.metrics import Metrics
from web_demo.openapi import Operation, described, document, reference
from web_demo.problems import problem
from web_demo.uploads import uploaded_photos

Json = dict[str, Any]

# Of this service, as its document says; the paths carry the first number.
API_VERSION = "1.0.0"

PHOTO: Json = {"type": "string", "format": "binary"}
FORM: Json = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": {"anyOf": [PHOTO, {"type": "array", "items": PHOTO}]},
        "model": {"type": "string", "description": "name of the model"},
    },
}
RESULTS: Json = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {"anyOf": [reference("Verdict"), reference("Problem")]},
        }
    },
}
MODELS: Json = {
    "type": "object",
    "required": ["models"],
    "properties": {"models": {"type": "array", "items": reference("ModelCard")}},
}
STATUS: Json = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string"},
        "models": {"type": "array", "items": {"type": "string"}},
    },
}
REFUSALS = ("400", "403", "404", "413", "421", "422", "429", "503")


def api(judge: Judge, limits: Limits, metrics: Metrics) -> Blueprint:
    """The service around ``judge``; mistakes are answered by ``web_demo.problems``."""
    blueprint = Blueprint("api", __name__)
    _status(blueprint, judge)

    @blueprint.post("/api/v1/classify")
    @described(
        Operation(
            {"anyOf": [reference("Verdict"), RESULTS]},
            REFUSALS,
            FORM,
            {"model": "name of the model; without it the first one answers"},
        )
    )
    def classify() -> Json:
        """Judge one photo or several.

        One photo gives its verdict, or a problem if it cannot be judged. Several give
        a list with a verdict or a problem for each, in the order they were sent.
        """
        photos = uploaded_photos(request, limits.max_photos)
        model = request.args.get("model") or request.form.get("model")
        if len(photos) == 1:
            verdict = judge.verdict(photos[0], model)
            metrics.count(verdict)
            return verdict.to_json()
        return {"results": _counted(judge.verdicts(photos, model), metrics)}

    @blueprint.get("/api/v1/models")
    @described(Operation(MODELS, ("421",)))
    def models() -> Json:
        """The card of every model, the preferred one first."""
        return {"models": [json.loads(card.to_json()) for card in judge.cards]}

    @blueprint.get("/openapi.json")
    def openapi() -> Json:
        """This document."""
        return document(current_app, API_VERSION)

    return blueprint


def _counted(found: Sequence[Verdict | Refusal], metrics: Metrics) -> list[Json]:
    """Each verdict or refusal as JSON; verdicts are counted."""
    results = []
    for each in found:
        if isinstance(each, Verdict):
            metrics.count(each)
            results.append(each.to_json())
        else:
            title = "The photo cannot be judged"
            results.append({**problem(422, title, each.detail), "photo": each.photo})
    return results


def _status(blueprint: Blueprint, judge: Judge) -> None:
    @blueprint.get("/healthz")
    @described(Operation(STATUS, ("421",)))
    def healthz() -> Json:
        """Whether the process answers."""
        return {"status": "ok", "models": [card.name for card in judge.cards]}

    @blueprint.get("/readyz")
    @described(Operation(STATUS, ("421", "503")))
    def readyz() -> Response:
        """Whether the next photo would be taken."""
        full = judge.capacity.is_full()
        answer = jsonify(status="busy" if full else "ready")
        answer.status_code = 503 if full else 200
        return answer
