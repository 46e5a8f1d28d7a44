"""The Flask app, built around whatever classifier it is given."""

from flask import Flask

from edge_runtime.verdict import NOTICE
from web_demo.api import api
from web_demo.judging import Classifier, Judge
from web_demo.pages import pages
from web_demo.problems import answer_problems
from web_demo.security import protect
from web_demo.uploads import MemoryRequest
from web_demo.wording import percent

# A 12-megapixel photo of a phone has 2 to 6 MB, a 50-megapixel one about 15 MB.
MAX_UPLOAD_BYTES = 20_000_000

# A form with one photo has one part; some clients add a few small fields.
MAX_FORM_PARTS = 8


class DemoApp(Flask):
    """A Flask app whose requests keep uploads in memory."""

    request_class = MemoryRequest


def create_app(
    classifier: Classifier, *, max_upload_bytes: int = MAX_UPLOAD_BYTES
) -> Flask:
    """Build the app around ``classifier``.

    The model comes in as an argument, so that tests pass a stand-in.

    Args:
        classifier: judges photos; usually an ``edge_runtime.LesionClassifier``.
        max_upload_bytes: larger request bodies are refused with status 413.
    """
    app = DemoApp(__name__)
    app.config["MAX_CONTENT_LENGTH"] = max_upload_bytes
    app.config["MAX_FORM_PARTS"] = MAX_FORM_PARTS
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters["percent"] = percent
    app.jinja_env.globals.update(
        card=classifier.card, notice=NOTICE, max_upload_bytes=max_upload_bytes
    )
    judge = Judge(classifier)
    app.register_blueprint(pages(judge))
    app.register_blueprint(api(judge))
    answer_problems(app)
    protect(app)
    return app
