"""The REST service: the same verdicts as JSON, for programs."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from edge_runtime.model.card import ModelCard
from edge_runtime.verdict import UNUSABLE, Verdict
from web_demo.judging.capacity import Limits
from web_demo.judging.heat_map import answer as heat_answer
from web_demo.judging.judge import Judge, Refusal
from web_demo.judging.opened_photo import opened
from web_demo.judging.uploads import asked_crop, uploaded_photo, uploaded_photos
from web_demo.problems import Problem, Refused
from web_demo.routes.answer_fields import field_schemas, given_answers
from web_demo.routes.openapi import Operation, described, document, reference
from web_demo.routes.prometheus import Metrics

Json = dict[str, Any]

# Of this service, as its document says; the paths carry the first number.
API_VERSION = "1.2.0"

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
CROP: Json = {
    "type": "string",
    "description": "square to judge: x,y,side (its middle as shares of the upright"
    " photo's width and height, its side as a share of the shorter one), or auto, which"
    " looks for the lesion; without it the largest square in the middle",
}
REFUSALS = ("400", "403", "404", "413", "421", "422", "429", "503")


def _form(cards: Sequence[ModelCard], max_photos: int) -> Json:
    """The schema of a form with up to so many photos, and answers for all of them."""
    photos: Json = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "maxItems": max_photos,
        "description": "JPEG, PNG or WebP; the field is repeated for several",
    }
    model = _model([card.name for card in cards])
    properties = {
        "photo": photos,
        "model": model,
        "crop": CROP,
        **field_schemas(cards),
    }
    return {"type": "object", "required": ["photo"], "properties": properties}


def _model(models: Sequence[str]) -> Json:
    about = "name of the model; without it the first one answers"
    return {"type": "string", "enum": [*models], "description": about}


def _asked_model() -> str | None:
    """The model named in the address or in the form.

    Raises:
        Refused: when both name one, and not the same.
    """
    query, form = request.args.get("model"), request.form.get("model")
    if query and form and query != form:
        raise Refused(
            Problem("request.two_models", {"query": query[:80], "form": form[:80]})
        )
    return query or form


def api(judge: Judge, limits: Limits, metrics: Metrics) -> Blueprint:
    """The service around ``judge``; mistakes are answered by ``web_demo.problems``."""
    blueprint = Blueprint("api", __name__)
    names = [card.name for card in judge.cards]
    _status(blueprint, judge)
    _explaining(blueprint, judge)

    @blueprint.post("/api/v1/classify")
    @described(
        Operation(
            RESULTS,
            REFUSALS,
            _form(judge.cards, limits.max_photos),
            {"model": _model(names)},
        )
    )
    def classify() -> Json:
        """Judge one photo or several.

        The answer is a list with a verdict or a problem for each photo, in the order
        they were sent. A request whose only photo cannot be judged is that problem.
        """
        with judge.capacity.place() as deadline:
            photos = uploaded_photos(request, limits.max_photos)
            model, answers = _asked_model(), given_answers(request.form)
            crop = asked_crop(request)
            if len(photos) == 1:
                with opened(photos[0], crop) as photo:
                    verdict = judge.verdict(photo, model, answers)
                return {"results": _counted([verdict], metrics)}
            found = judge.verdicts(photos, deadline, model, answers, crop)
            return {"results": _counted(found, metrics)}

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


def _explaining(blueprint: Blueprint, judge: Judge) -> None:
    names = [card.name for card in judge.cards]

    @blueprint.post("/api/v1/heatmap")
    @described(
        Operation(
            reference("HeatMap"),
            REFUSALS,
            _form(judge.cards, 1),
            {"model": _model(names)},
        )
    )
    def heatmap() -> Json:
        """Show what the score of one photo depends on.

        Parts of the photo are covered in turn, and the model judges each (129
        inferences). It shows what the model uses, not what is ill.
        """
        with judge.capacity.place() as deadline:
            model, answers = _asked_model(), given_answers(request.form)
            with opened(uploaded_photo(request), asked_crop(request)) as photo:
                found = judge.heat_map(photo, deadline, model, answers)
            return heat_answer(found, judge.card(model))


def _told(verdict: Verdict) -> Json:
    """A verdict as JSON values; of an unusable photo without a figure to misread."""
    told = verdict.to_json()
    if verdict.decision == UNUSABLE:
        told["probability"] = None
    return told


def _counted(found: Sequence[Verdict | Refusal], metrics: Metrics) -> list[Json]:
    """Each verdict or refusal as JSON; verdicts are counted."""
    results = []
    for each in found:
        if isinstance(each, Verdict):
            metrics.count(each)
            results.append(_told(each))
        else:
            results.append({**each.problem.to_json(), "photo": each.photo})
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
