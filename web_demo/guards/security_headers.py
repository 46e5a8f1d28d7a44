"""Headers that tell the browser how little these pages need."""

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        # No inline script, no eval; the second word lets the model's WebAssembly run.
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        # data: is the server's preview and blob: the page's own, fetched from nowhere.
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# The report is one file with its scripts inside. The sandbox gives it an origin of its
# own: it can draw, and reach neither this page nor the network.
REPORT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "frame-ancestors 'self'",
        "sandbox allow-scripts",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    # With no-referrer a browser would call the origin of this page's own forms "null",
    # and web_demo.guards.origin would refuse them.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

REPORT_HEADERS = {
    "Content-Security-Policy": REPORT_POLICY,
    "X-Frame-Options": "SAMEORIGIN",
}

# What holds no verdict and may be kept; it is asked for anew each time, so that a
# new version is seen at once.
REVALIDATED = {
    "static",
    "offline.worker",
    "offline.model",
    "offline.library",
    "offline.sample",
}


def protect(app: Flask) -> None:
    """Send ``HEADERS`` with every answer, and let no one keep a verdict."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint == "pages.report_document":
            response.headers.update(REPORT_HEADERS)
        keep = request.endpoint in REVALIDATED
        response.headers["Cache-Control"] = "no-cache" if keep else "no-store"
        return response
