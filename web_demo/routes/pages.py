"""The pages: check a photo, camera, comparison, report, model cards, about."""

import functools
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from edge_runtime.verdict import UNUSABLE
from web_demo.judging.heat_map import picture, words
from web_demo.judging.judge import Judge, address_of, preview
from web_demo.judging.opened_photo import opened
from web_demo.judging.uploads import asked_crop, uploaded_photo
from web_demo.routes.answer_fields import given_answers
from web_demo.routes.api import API_VERSION
from web_demo.routes.openapi import document
from web_demo.routes.prometheus import Metrics
from web_demo.wording import evidence, explanation

# Pages that are the same for every request: name, address, template.
PLAIN = (
    ("form", "/", "form.html"),
    ("camera", "/camera", "camera.html"),
    ("history", "/history", "history.html"),
    ("models", "/models", "models.html"),
    ("about", "/about", "about.html"),
    ("offline_page", "/offline", "offline.html"),
)


def pages(judge: Judge, metrics: Metrics, report: Path | None) -> Blueprint:
    """The pages around ``judge``; ``report`` is a benchmark's HTML file."""
    blueprint = Blueprint("pages", __name__)
    for name, address, template in PLAIN:
        view = functools.partial(render_template, template)
        # The rate limiter knows a view by its name, which a partial has not.
        functools.update_wrapper(view, render_template)
        blueprint.add_url_rule(address, name, view, methods=["GET"])
    _judging(blueprint, judge, metrics)
    _report(blueprint, report)

    @blueprint.get("/api")
    def api_page() -> str:
        described = document(current_app, API_VERSION)
        return render_template("api.html", document=described)

    return blueprint


def _judging(blueprint: Blueprint, judge: Judge, metrics: Metrics) -> None:
    @blueprint.post("/verdict")
    def verdict() -> str:
        with judge.capacity.place() as deadline:
            card = judge.card(request.form.get("model"))
            answers = given_answers(request.form)
            with opened(uploaded_photo(request), asked_crop(request)) as photo:
                found = judge.verdict(photo, card.name, answers)
                metrics.count(found)
                heat = None
                if "heat" in request.form and found.decision != UNUSABLE:
                    heat = judge.heat_map(photo, deadline, card.name, answers)
                shown = picture(preview(photo), heat) if heat else preview(photo)
        return render_template(
            "verdict.html",
            verdict=found,
            card=card,
            explanation=explanation(found, card),
            evidence=evidence(card),
            preview=address_of(shown),
            heat=words(heat) if heat else None,
        )

    @blueprint.get("/verdict")
    def verdict_without_photo() -> AnyResponse:
        # A phone that reopens the tab asks for the page anew; the photo is gone.
        return redirect(url_for("pages.form"), code=303)

    @blueprint.route("/compare", methods=["GET", "POST"])
    def compare() -> str:
        if request.method == "GET":
            return render_template("compare.html", rows=[])
        with judge.capacity.place() as deadline:
            with opened(uploaded_photo(request), asked_crop(request)) as photo:
                verdicts = judge.comparison(photo, deadline)
        for found in verdicts:
            metrics.count(found)
        rows = list(zip(judge.cards, verdicts, strict=True))
        return render_template("compare.html", rows=rows)


def _report(blueprint: Blueprint, report: Path | None) -> None:
    @blueprint.get("/report")
    def report_page() -> str:
        return render_template("report.html")

    @blueprint.get("/report/document")
    def report_document() -> Response:
        if report is None or not report.is_file():
            abort(404)
        return send_file(report.resolve(), mimetype="text/html", conditional=False)
