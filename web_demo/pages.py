"""The pages: the upload form and the verdict."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web_demo.judging import Judge
from web_demo.uploads import uploaded_photo
from web_demo.wording import evidence, explanation


def pages(judge: Judge) -> Blueprint:
    """The pages around ``judge``."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def form() -> str:
        return render_template("form.html")

    @blueprint.post("/verdict")
    def verdict() -> str:
        photo = uploaded_photo(request)
        found = judge.verdict(photo)
        return render_template(
            "verdict.html",
            verdict=found,
            explanation=explanation(found, judge.card),
            evidence=evidence(judge.card),
            preview=judge.preview(photo),
        )

    @blueprint.get("/verdict")
    def verdict_without_photo() -> Response:
        # A phone that reopens the tab asks for the page anew; the photo is gone.
        return redirect(url_for("pages.form"), code=303)

    return blueprint
