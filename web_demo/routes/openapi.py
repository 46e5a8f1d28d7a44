"""The description of the REST service, made from the routes and classes that answer."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from werkzeug.routing import Rule

from edge_runtime.files.json_schema import Json, schema
from edge_runtime.model.card import ModelCard
from edge_runtime.verdict import NOTICE, Verdict
from web_demo.judging.heat_map import HeatAnswer
from web_demo.problems import CODES

View = TypeVar("View", bound=Callable[..., Any])

TEXT: Json = {"type": "string"}

PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "values"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": {
            "enum": sorted(CODES),
            "description": "which mistake; stays when the sentences change",
        },
        "values": {
            "type": "object",
            "additionalProperties": {"type": ["string", "integer"]},
            "description": "what stands in the sentence of the detail",
        },
        "photo": TEXT,
    },
    "additionalProperties": False,
}

PROBLEMS = {
    "400": "No photo, or a form that cannot be read.",
    "403": "The request came from a page of another site.",
    "404": "There is no model of that name.",
    "413": "The request is too large, or has too many photos.",
    "421": "The page is not known under the name it was asked by.",
    "422": "The photo cannot be judged, or an answer not be used.",
    "429": "Too many requests from this address; see Retry-After.",
    "503": "Every place is taken, or it took too long; see Retry-After.",
}


@dataclass(frozen=True)
class Operation:
    """What a route does that its code does not tell.

    Attributes:
        answer: JSON Schema of the answer with status 200, or None for plain text.
        problems: the other statuses it may answer with.
        body: JSON Schema of the multipart form; None where there is none.
        query: schema of each query parameter.
    """

    answer: Json | None
    problems: tuple[str, ...] = ()
    body: Json | None = None
    query: Mapping[str, Json] | None = None


def described(operation: Operation) -> Callable[[View], View]:
    """Note ``operation`` at the function that answers."""

    def note(view: View) -> View:
        view.__dict__["operation"] = operation
        return view

    return note


def named_schemas() -> dict[str, Json]:
    """The schemas that operations refer to."""
    verdict = _announced(schema(Verdict), "verdict")
    verdict["properties"]["decision"]["enum"] = [
        "investigate", "uncertain", "monitor", "unusable photo",
    ]  # fmt: skip
    verdict["properties"]["probability"] = {
        "type": ["number", "null"],
        "description": "of malignancy, calibrated; in (0, 1); null for an unusable"
        " photo",
    }
    return {
        "Verdict": verdict,
        "HeatMap": _announced(schema(HeatAnswer), "heat map"),
        "ModelCard": schema(ModelCard),
        "Problem": PROBLEM,
    }


def _announced(fields: Json, kind: str) -> Json:
    """The schema of an answer that says what it is, and carries the notice."""
    extra: Json = {
        "type": {"const": kind},
        "format": {"const": 1},
        "notice": {"const": NOTICE},
    }
    properties = {**extra, **fields["properties"]}
    return {**fields, "properties": properties, "required": [*properties]}


def reference(name: str) -> Json:
    """A reference to one of ``named_schemas``."""
    return {"$ref": f"#/components/schemas/{name}"}


def document(app: Flask, version: str) -> Json:
    """The OpenAPI 3.1 document of every described route of ``app``."""
    paths: dict[str, Json] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = getattr(inspect.unwrap(view), "operation", None)
        if isinstance(operation, Operation):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            paths.setdefault(path, {}).update(_methods(rule, view, operation))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lesion-edge",
            "version": version,
            "description": f"Judges photos of skin lesions; {NOTICE}.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": named_schemas()},
    }


def _methods(rule: Rule, view: Callable[..., Any], operation: Operation) -> Json:
    methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    text = inspect.getdoc(view) or rule.endpoint
    summary, _, description = text.partition("\n\n")
    entry: Json = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": " ".join(summary.split()),
        "responses": _responses(operation),
    }
    if description:
        entry["description"] = " ".join(description.split())
    if operation.body is not None:
        form = {"multipart/form-data": {"schema": operation.body}}
        entry["requestBody"] = {"required": True, "content": form}
    if operation.query:
        entry["parameters"] = [
            {"name": name, "in": "query", "schema": each}
            for name, each in operation.query.items()
        ]
    return {method.lower(): entry for method in sorted(methods)}


def _responses(operation: Operation) -> Json:
    kind = "text/plain" if operation.answer is None else "application/json"
    content = {kind: {"schema": operation.answer or TEXT}}
    found: Json = {"200": {"description": "The answer.", "content": content}}
    problem = {"application/problem+json": {"schema": reference("Problem")}}
    for status in operation.problems:
        found[status] = {"description": PROBLEMS[status], "content": problem}
    return found
