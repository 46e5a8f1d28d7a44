"""The REST service: the same verdicts as JSON, for programs."""

import json
from typing import Any

from flask import Blueprint, request

from web_demo.judging import Judge
from web_demo.uploads import uploaded_photo

Json = dict[str, Any]


def api(judge: Judge) -> Blueprint:
    """The service around ``judge``; mistakes are answered by ``web_demo.problems``."""
    blueprint = Blueprint("api", __name__)

    @blueprint.post("/api/v1/classify")
    def classify() -> Json:
        return judge.verdict(uploaded_photo(request)).to_json()

    @blueprint.get("/api/v1/models")
    def models() -> Json:
        return {"models": [json.loads(judge.card.to_json())]}

    @blueprint.get("/healthz")
    def healthz() -> Json:
        return {"status": "ok", "model": judge.card.name}

    return blueprint
