"""Which requests come from this page itself, and which from another site's page.

A page of another site can make a browser send a form to 127.0.0.1. It cannot read the
answer, but it could keep the machine busy; and with a name that it points at 127.0.0.1
(DNS rebinding) it could read the answer too. Both are refused here.
"""

from urllib.parse import urlsplit

from flask import Flask, request

from web_demo.problems import Problem, Refused

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def refuse_strangers(app: Flask, hosts: frozenset[str]) -> None:
    """Answer other sites' requests with status 403, and other names with 421.

    Args:
        app: to be guarded.
        hosts: names under which the page is known; empty for any.
    """

    @app.before_request
    def check_host() -> None:
        if hosts and _name(f"//{request.host}") not in hosts:
            raise Refused(Problem("request.host"))

    @app.before_request
    def check_origin() -> None:
        if request.method not in SAFE_METHODS and _from_elsewhere():
            raise Refused(Problem("request.origin"))


def _from_elsewhere() -> bool:
    # Browsers send both headers, other programs neither.
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and _netloc(origin) != _netloc(f"//{request.host}")


def _netloc(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.lower() or None
    except ValueError:
        return None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
