"""Lines on standard error, for people or for a log collector.

Answers go to standard output; what goes wrong, and what a long run has to say about
itself, goes here. ``--log json`` before the verb, or ``LESION_EDGE_LOG=json``, makes
each line one JSON object, as journald and its like take them apart. Nothing is sent
anywhere.
"""

import json
import os
import sys
import warnings
from typing import Any

VARIABLE = "LESION_EDGE_LOG"
FORMS = ("text", "json")

_chosen = {"form": os.environ.get(VARIABLE, "text")}


def choose_form(form: str) -> None:
    """Write lines as ``"text"`` or ``"json"`` from now on."""
    if form not in FORMS:
        raise ValueError(f"expected one of {FORMS}, got {form!r}")
    _chosen["form"] = form
    if form == "json":
        # A collector must not find lines that are none: those of libraries go along.
        warnings.showwarning = _warned


def error(message: str, **fields: Any) -> None:
    """Something went wrong; the message says what was expected and what to do."""
    _write("error", message, fields)


def note(message: str, **fields: Any) -> None:
    """Something worth knowing happened."""
    _write("info", message, fields)


def _warned(
    message: Warning | str, category: type[Warning], *_where: object, **_more: object
) -> None:
    _write("warning", str(message), {"category": category.__name__})


def _write(level: str, message: str, fields: dict[str, Any]) -> None:
    if _chosen["form"] == "json":
        import datetime  # Here: most processes log nothing, and all have to start.

        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps(
            {"time": now, "level": level, "message": message, **fields}, default=str
        )
    else:
        line = f"error: {message}" if level == "error" else message
    print(line, file=sys.stderr, flush=True)
