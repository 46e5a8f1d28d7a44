import re

import pytest

ADDRESSES = [
    "/",
    "/camera",
    "/compare",
    "/report",
    "/models",
    "/about",
    "/api",
    "/sw.js",
    "/healthz",
    "/api/v1/models",
    "/nowhere",
    "/static/style.css",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(client, address):
    with client.get(address) as answer:
        headers = answer.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_nothing_inline_runs_and_nothing_comes_from_elsewhere(client):
    policy = client.get("/").headers["Content-Security-Policy"]

    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "http" not in policy
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy


def test_pages_need_no_more_than_the_policy_allows(client, send, photo):
    for answer in (client.get("/"), send("/verdict", photo), send("/verdict", b"no")):
        page = answer.text
        # Inline script and style would be blocked, silently: the page would look wrong.
        assert not re.search(
            r"<script(?! type=\"module\" src=)|<style|\sstyle=|\son\w+=|javascript:",
            page,
        )
        sources = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        assert all(source.startswith(("/", "#", "data:image/")) for source in sources)


def test_verdicts_are_kept_by_no_cache(send, photo):
    for path in ("/verdict", "/api/v1/classify"):
        assert send(path, photo).headers["Cache-Control"] == "no-store"
