"""The Flask app, built around whatever classifiers it is given."""

import functools
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from web_demo.guards.origin import refuse_strangers
from web_demo.guards.security_headers import protect
from web_demo.judging.capacity import Limits, turn_away_without_room
from web_demo.judging.judge import Classifier, Judge
from web_demo.judging.uploads import MemoryRequest
from web_demo.problems import answer_problems
from web_demo.routes.answer_fields import asking, questions_of
from web_demo.routes.api import api
from web_demo.routes.offline import offline
from web_demo.routes.pages import pages
from web_demo.routes.prometheus import Metrics
from web_demo.wording import (
    answer_words,
    evidence,
    finding_sentence,
    numbers_words,
    percent,
    photos_of,
    question_words,
    say,
    with_interval,
)

# Besides the photos, a form has a few small fields.
OTHER_FORM_PARTS = 8

# The routes that judge photos, and so take time.
JUDGING = ("api.classify", "api.heatmap", "pages.verdict", "pages.compare")


class DemoApp(Flask):
    """A Flask app whose requests keep uploads in memory."""

    request_class = MemoryRequest


def create_app(
    classifiers: Sequence[Classifier],
    *,
    limits: Limits | None = None,
    hosts: frozenset[str] = frozenset(),
    behind_proxy: bool = False,
    report: Path | None = None,
) -> Flask:
    """Build the app around ``classifiers``.

    The models come in as an argument, so that tests pass stand-ins.

    Args:
        classifiers: judge photos; usually ``edge_runtime.LesionClassifier``. The first
            is used when none is named.
        limits: see ``Limits``; None takes its defaults.
        hosts: names under which the page may be asked for; empty for any.
        behind_proxy: whether one reverse proxy in front says who asks, and how.
        report: HTML file of a benchmark, to be shown.
    """
    limits = limits or Limits()
    app = DemoApp(__name__)
    app.config["MAX_CONTENT_LENGTH"] = limits.max_upload_bytes
    app.config["MAX_HELD_BYTES"] = limits.max_held_bytes
    # Before every other check: of such a request there is no host and no sender.
    answer_problems(app)
    judge = Judge(classifiers, limits)
    parts = limits.max_photos + len(questions_of(judge.cards)) + OTHER_FORM_PARTS
    app.config["MAX_FORM_PARTS"] = parts
    metrics = Metrics()
    metrics.watch(app)
    refuse_strangers(app, hosts)
    turn_away_without_room(app)
    _speak(app, judge, limits)
    app.jinja_env.globals.update(has_report=report is not None)
    app.register_blueprint(pages(judge, metrics, report))
    app.register_blueprint(api(judge, limits, metrics))
    app.register_blueprint(offline(app, judge))
    protect(app)
    _limit_rate(app, limits)
    if behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _speak(app: Flask, judge: Judge, limits: Limits) -> None:
    """What every template may use."""
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters["percent"] = percent
    app.jinja_env.filters["evidence"] = evidence
    app.jinja_env.filters["photos_of"] = photos_of
    app.jinja_env.filters["with_interval"] = with_interval
    app.jinja_env.globals.update(
        cards=judge.cards,
        max_upload_bytes=limits.max_upload_bytes,
        t=say,
        questions=questions_of(judge.cards),
        asking=functools.partial(asking, judge.cards),
        question_words=question_words,
        answer_words=answer_words,
        numbers_words=numbers_words,
        finding_sentence=finding_sentence,
    )


def _limit_rate(app: Flask, limits: Limits) -> None:
    rate = limits.rate
    limiter = Limiter(
        get_remote_address,
        app=app,
        application_limits=[limits.all_rate] if limits.all_rate else [],
        enabled=rate is not None or limits.all_rate is not None,
        # Counts live in this process and go with it; the default would warn of that.
        storage_uri="memory://",
    )
    if rate is not None:
        # One count for all of them: four counts would be four times the limit.
        photos = limiter.shared_limit(rate, scope="photos", methods=["POST"])
        for endpoint in JUDGING:
            view: Any = app.view_functions[endpoint]
            app.view_functions[endpoint] = photos(view)

    @app.after_request
    def say_when_to_return(response: Response) -> Response:
        # The library's own header would stand over the one of a full server.
        broken = limiter.current_limit
        if response.status_code == 429 and broken is not None:
            wait_s = max(1, math.ceil(broken.reset_at - time.time()))
            response.headers["Retry-After"] = str(wait_s)
        return response
