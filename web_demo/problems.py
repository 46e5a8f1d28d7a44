"""What a mistake looks like: a page for people, problem JSON for programs."""

import json
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from edge_runtime.errors import AnswerError, PhotoError

# Of the statuses whose standard text would not help the reader.
HELP = {
    404: "There is no such page here.",
    405: "This address does not answer that kind of request.",
    429: "Too many photos came from this address. Wait a minute, then go on.",
    500: "Something broke on the server while it answered. Your photo was not kept.",
}


# Below these addresses programs read the answer.
PROGRAMS = ("/api/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")


def answer_problems(app: Flask) -> None:
    """Answer every error of ``app`` in the reader's language."""

    @app.errorhandler(PhotoError)
    def unreadable_photo(error: PhotoError) -> Response:
        return _answer(422, "The photo cannot be judged", str(error))

    @app.errorhandler(AnswerError)
    def unknown_answer(error: AnswerError) -> Response:
        return _answer(422, "An answer cannot be used", f"{error}.")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if isinstance(error, RequestEntityTooLarge):
            return _answer(status, "The upload is too large", _too_large())
        # A 404 of our own says which model is missing.
        ours = isinstance(error, NotFound) and error.description != NotFound.description
        detail = error.description if ours else HELP.get(status, error.description)
        answer = _answer(status, error.name, detail or "")
        headers = dict(error.get_headers())
        for name in ("Allow", "Retry-After"):
            if name in headers:
                answer.headers[name] = headers[name]
        return answer


def _too_large() -> str:
    limit_bytes = current_app.config["MAX_CONTENT_LENGTH"]
    sent_bytes = request.content_length or 0
    if sent_bytes <= limit_bytes:
        return "The form holds too many parts. Send fewer photos in one request."
    return (
        f"You sent {sent_bytes / 1e6:.1f} MB; at most {limit_bytes / 1e6:.1f} MB are"
        " accepted. Choose a smaller photo, or save this one at a lower resolution:"
        " the model looks at a small square of it anyway."
    )


def _answer(status: int, title: str, detail: str) -> Response:
    if not request.path.startswith(PROGRAMS):
        page = render_template("problem.html", title=title, detail=detail)
        return Response(page, status, mimetype="text/html")
    body = json.dumps(problem(status, title, detail))
    return Response(body, status, mimetype="application/problem+json")


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    """A mistake as JSON values, after RFC 9457."""
    # "about:blank" says that the status is the whole type.
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}
