"""What a mistake looks like: a page for people, problem JSON for programs.

Every mistake has a code that stays and the values that stand in its sentence, which is
``problem.CODE`` of the strings file; what comes before the code's first dot is the key
of its title. Scripts of the pages say the sentence anew from both.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from edge_runtime.errors import NOTHING, AnswerError, InputError, PhotoError, Values
from edge_runtime.photos.crop import CropError
from web_demo.wording import say

# The status of each code.
CODES = {
    "photo.empty": 422,
    "photo.unreadable": 422,
    "photo.damaged": 422,
    "photo.heif": 422,
    "photo.raw": 422,
    "photo.format": 422,
    "photo.frames": 422,
    "photo.too_large": 422,
    "photo.pixels": 422,
    "photo.pixels_jpeg": 422,
    "photo.pixels_other": 422,
    "photo.pixels_progressive": 422,
    "photo.overfull": 422,
    "photo.scans": 422,
    "photo.no_time": 422,
    "crop.words": 422,
    "crop.range": 422,
    "answer.unreadable": 422,
    "answer.value": 422,
    "answer.number": 422,
    "answer.stranger": 422,
    "answer.none_asked": 422,
    "upload.no_photo": 400,
    "upload.many_photos": 400,
    "upload.form": 400,
    "upload.name": 400,
    "upload.bytes": 413,
    "upload.parts": 413,
    "request.page": 404,
    "request.model": 404,
    "request.two_models": 400,
    "request.method": 405,
    "request.origin": 403,
    "request.host": 421,
    "request.rate": 429,
    "request.other": 400,
    "server.busy": 503,
    "server.no_time": 503,
    "server.broken": 500,
}

# Of mistakes that the libraries notice.
OF_STATUS = {
    404: "request.page",
    405: "request.method",
    429: "request.rate",
    500: "server.broken",
}

# Below these addresses programs read the answer.
PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")

# Set in the WSGI environment, with its status, for what is no request of HTTP; then
# nothing but the path is known of it.
UNREADABLE_REQUEST = "lesion_edge.unreadable_request"


@dataclass(frozen=True)
class Problem:
    """A mistake.

    Attributes:
        code: one of ``CODES``.
        values: what stands in the places of its sentence.
        other_status: of a mistake that only a library knows.
    """

    code: str
    values: Values = field(default_factory=lambda: NOTHING)
    other_status: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status of its answer."""
        return self.other_status or CODES[self.code]

    @property
    def title(self) -> str:
        """What could not be done."""
        return say(f"problem.{self.code.partition('.')[0]}")

    @property
    def detail(self) -> str:
        """Why, and what to do."""
        return say(f"problem.{self.code}", **self.values)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, after RFC 9457."""
        return {
            # With about:blank the title would have to be the status' own phrase.
            "type": f"urn:lesion-edge:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "values": dict(self.values),
        }


class Refused(HTTPException):
    """Ends a request with a problem.

    Attributes:
        problem: what is wrong.
        retry_after_s: when to come again; None where that would not help.
    """

    def __init__(self, problem: Problem, retry_after_s: int | None = None) -> None:
        """Answer with ``problem``; see the attributes."""
        super().__init__(problem.detail)
        self.code = problem.status
        self.problem = problem
        self.retry_after_s = retry_after_s


def input_problem(error: InputError) -> Problem:
    """A photo, answer or square that cannot be used."""
    kinds = {PhotoError: "photo", AnswerError: "answer", CropError: "crop"}
    return Problem(f"{kinds[type(error)]}.{error.fault}", error.values)


def answer_problems(app: Flask) -> None:
    """Answer every error of ``app`` in the reader's language."""
    app.before_request(_refuse_unreadable)

    @app.errorhandler(InputError)
    def unusable_input(error: InputError) -> Response:
        return _answer(input_problem(error))

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        answer = _answer(error.problem)
        if error.retry_after_s is not None:
            answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        answer = _answer(_of_a_library(error))
        headers = dict(error.get_headers())
        for name in ("Allow", "Retry-After"):
            if name in headers:
                answer.headers[name] = headers[name]
        return answer


def _refuse_unreadable() -> None:
    status = request.environ.get(UNREADABLE_REQUEST)
    if status is not None:
        raise Refused(Problem("request.other", {"status": status}, status))


def _of_a_library(error: HTTPException) -> Problem:
    if isinstance(error, RequestEntityTooLarge):
        return _too_large()
    status = error.code or 500
    if status in OF_STATUS:
        return Problem(OF_STATUS[status])
    return Problem("request.other", {"status": status}, status)


def _too_large() -> Problem:
    limit_bytes = current_app.config["MAX_CONTENT_LENGTH"]
    sent_bytes = request.content_length or 0
    if sent_bytes <= limit_bytes:
        return Problem("upload.parts")
    sent, most = (f"{each / 1e6:.1f}" for each in (sent_bytes, limit_bytes))
    return Problem("upload.bytes", {"sent": sent, "most": most})


def _answer(problem: Problem) -> Response:
    if not request.path.startswith(PROGRAMS):
        page = render_template("problem.html", problem=problem)
        return Response(page, problem.status, mimetype="text/html")
    body = json.dumps(problem.to_json())
    return Response(body, problem.status, mimetype="application/problem+json")
