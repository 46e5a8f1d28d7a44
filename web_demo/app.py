"""The Flask app, built around whatever classifiers it is given."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask
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
    finding_words,
    numbers_words,
    percent,
    photos_of,
    question_words,
    say,
    with_interval,
)

# Besides the photos, a form has a few small fields.
OTHER_FORM_PARTS = 7

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
    judge = Judge(classifiers, limits)
    parts = limits.max_photos + len(questions_of(judge.cards)) + OTHER_FORM_PARTS
    app.config["MAX_FORM_PARTS"] = parts
    metrics = Metrics()
    metrics.watch(app)
    refuse_strangers(app, hosts)
    turn_away_without_room(app)
    _speak(app, judge, limits)
    app.register_blueprint(pages(judge, metrics, report))
    app.register_blueprint(api(judge, limits, metrics))
    app.register_blueprint(offline(app, judge))
    answer_problems(app)
    protect(app)
    _limit_rate(app, limits.rate)
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
        finding_words=finding_words,
    )


def _limit_rate(app: Flask, rate: str | None) -> None:
    limiter = Limiter(
        get_remote_address,
        app=app,
        enabled=rate is not None,
        headers_enabled=True,
        # Counts live in this process and go with it; the default would warn of that.
        storage_uri="memory://",
    )
    if rate is not None:
        for endpoint in JUDGING:
            view: Any = app.view_functions[endpoint]
            app.view_functions[endpoint] = limiter.limit(rate, methods=["POST"])(view)
