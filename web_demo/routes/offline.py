"""What the page needs to go on without the server: its files, and who keeps them."""

import hashlib
import itertools
import json
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from web_demo.judging.judge import Judge

HERE = Path(__file__).resolve().parents[1]
STATIC = HERE / "static"

# Written by fetch_browser_files.py; absent until it has run.
LIBRARY = HERE.parent / ".browser-files"

# Drawn lesions to try the page with; not in the container.
SAMPLES = HERE.parent / "samples"
SHOWN_SAMPLES = tuple(
    f"drawn_{name}.png"
    for name in (
        "tone1_even", "tone2_irregular", "tone2_even_tiny", "tone4_even_ruler",
        "tone5_irregular", "tone6_even",
    )
)  # fmt: skip

# Pages that make sense without the server, with the names of their sentences. Not the
# report: a browser asks no service worker for what stands in a sandboxed frame.
PAGES = (
    ("pages.form", "nav.check"),
    ("pages.camera", "nav.camera"),
    ("pages.history", "nav.history"),
    ("pages.compare", "nav.compare"),
    ("pages.models", "nav.models"),
    ("pages.about", "nav.about"),
    ("pages.api_page", "api.title"),
)

# Compressed beforehand: the library's 9 MB would take a second each time.
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))

TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}


def library_is_here() -> bool:
    """Whether the in-browser runtime was fetched."""
    return (LIBRARY / "index.js").is_file()


def version(judge: Judge) -> str:
    """Changes whenever a file or a model of the page does."""
    found = hashlib.sha256()
    # What is said about the REST service stands in the modules.
    modules = sorted(HERE.rglob("*.py"))
    folders = (STATIC, HERE / "templates", LIBRARY, SAMPLES)
    others = [sorted(folder.rglob("*")) for folder in folders if folder.is_dir()]
    for path in (*modules, *itertools.chain.from_iterable(others)):
        if path.is_file():
            found.update(path.name.encode() + path.read_bytes())
    for card in judge.cards:
        found.update(card.to_json().encode())
    return found.hexdigest()[:16]


def offline(app: Flask, judge: Judge) -> Blueprint:
    """Routes for the service worker, the models' bytes and the runtime's files."""
    blueprint = Blueprint("offline", __name__)
    now = version(judge)
    app.jinja_env.globals.update(
        version=now,
        library_is_here=library_is_here(),
        offline_pages=PAGES,
        samples=[name for name in SHOWN_SAMPLES if (SAMPLES / name).is_file()],
    )
    _models(blueprint, judge)

    @blueprint.get("/sw.js")
    def worker() -> Response:
        # At the root, since a worker serves only addresses below its own.
        settings = json.dumps({"version": now, "files": _precached(judge)})
        text = (STATIC / "js/worker.js").read_text(encoding="utf-8")
        body = f"const SETTINGS = {settings};\n{text}"
        return Response(body, mimetype="text/javascript")

    @blueprint.get("/samples/<name>")
    def sample(name: str) -> Response:
        if name not in SHOWN_SAMPLES or not (SAMPLES / name).is_file():
            abort(404)
        return send_file(SAMPLES / name, mimetype="image/png", etag=True)

    @blueprint.get("/litert/<name>")
    def library(name: str) -> Response:
        path = LIBRARY / name
        if path.parent != LIBRARY or path.suffix not in TYPES or not path.is_file():
            abort(404)
        return _compressed(path)

    return blueprint


def _models(blueprint: Blueprint, judge: Judge) -> None:
    models = {file.card.model_sha256: file.model for file in judge.files}
    paths = {file.card.name: file.path.resolve() for file in judge.files}

    @blueprint.get("/models/<sha256>.tflite")
    def model(sha256: str) -> AnyResponse:
        if sha256 not in models:
            abort(404)
        answer = Response(models[sha256], mimetype="application/octet-stream")
        answer.set_etag(sha256)
        return answer.make_conditional(request)

    @blueprint.get("/models/<name>/file")
    def whole_file(name: str) -> Response:
        if name not in paths or not paths[name].is_file():
            abort(404)
        return send_file(paths[name], mimetype="application/octet-stream", etag=True)


def _compressed(path: Path) -> Response:
    accepted = set(request.accept_encodings.values())
    for encoding, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if encoding in accepted and packed.is_file():
            answer = send_file(packed, mimetype=TYPES[path.suffix], etag=True)
            answer.headers["Content-Encoding"] = encoding
            # So that the page can say how much of it has come.
            answer.headers["X-Unpacked-Length"] = str(path.stat().st_size)
            answer.headers["Vary"] = "Accept-Encoding"
            return answer
    return send_file(path, mimetype=TYPES[path.suffix], etag=True)


def _precached(judge: Judge) -> list[str]:
    """Addresses that the service worker stores when it is installed."""
    addresses = [url_for(page) for page, _ in PAGES]
    others = ("api.models", "api.openapi", "pages.offline_page")
    addresses += [url_for(other) for other in others]
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            name = path.relative_to(STATIC).as_posix()
            addresses.append(url_for("static", filename=name))
    if library_is_here():
        preferred = judge.cards[0].model_sha256
        addresses.append(url_for("offline.model", sha256=preferred))
        addresses += [
            url_for("offline.library", name=name)
            for name in ("index.js", "wasm-utils.js")
        ]
    return addresses
