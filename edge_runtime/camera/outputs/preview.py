"""A page on this device that shows what the model sees; off unless asked for.

It listens on 127.0.0.1 only; from elsewhere, use ``ssh -L``. Frames are drawn only
while somebody watches. Requests must name the local host, so that no page of the web
can read the camera through a browser here (DNS rebinding).
"""

import http.server
import io
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from PIL import Image, ImageDraw

from edge_runtime.camera.frames import Picture
from edge_runtime.camera.look import Look
from edge_runtime.camera.outputs.photo_folder import without_exif
from edge_runtime.errors import CameraError
from edge_runtime.photos.decoding import read_photo
from edge_runtime.verdict import NOTICE

_SHOWN_PX = 480
_BOUNDARY = "frame"
_LOCAL = {"127.0.0.1", "localhost"}
_WAIT_S = 1.0
_PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>lesion-edge camera</title>
<style>
body{{font:16px system-ui;margin:1rem;max-width:60rem}} img{{max-width:100%}}
</style>
<h1>Camera</h1><p>{NOTICE}</p>
<img src="/stream" alt="What the camera sees, with the square that is judged">
<p id="line" aria-live="polite">waiting for a frame</p><p id="verdict"></p>
<a href="/still" download="still.jpg"><button>Still</button></a>
<script>
setInterval(async () => {{
  const state = await (await fetch("/state")).json();
  const f = state.frame, v = state.verdict;
  if (f) line.textContent =
    `${{f.decision}}: ${{f.probability.toFixed(3)}} ` +
    `(threshold ${{f.threshold.toFixed(3)}}), ${{f.sharp ? "sharp" : "not sharp"}}, ` +
    `${{f.still ? "still" : "moving"}}, ${{f.fps}} fps, ${{f.dropped}} dropped. ` +
    f.findings.map(x => x.message).join("; ");
  if (v) verdict.textContent = `last verdict: ${{v.decision}} ` +
    `(${{v.votes}} of ${{v.looks}} frames)`;
}}, 500);
</script></html>"""


class Preview:
    """Serves the newest frame; see ``Listener``."""

    def __init__(self, port: int, guide: float) -> None:
        """Listen.

        Args:
            port: on 127.0.0.1; 0 takes a free one.
            guide: share of the frame's short side that is judged.

        Raises:
            CameraError: when the port is taken.
        """
        self._guide = guide
        self._changed = threading.Condition()
        self._newest: tuple[Look, dict[str, Any]] | None = None
        self._verdict: dict[str, Any] | None = None
        self._closed = False
        handler = type("Handler", (_Handler,), {"preview": self})
        try:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError as error:
            raise CameraError(
                f"--preview {port}: {error.strerror}; choose another port"
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True
        ).start()

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""
        with self._changed:
            self._newest = (look, line)
            self._changed.notify_all()

    def error(self, line: dict[str, Any]) -> None:
        """See ``Listener``."""

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """See ``Listener``."""
        self._verdict = line

    def close(self) -> None:
        """See ``Listener``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def state(self) -> dict[str, Any]:
        """What was last said."""
        line = self._newest[1] if self._newest else None
        return {"frame": line, "verdict": self._verdict}

    def whole(self) -> Picture | None:
        """The newest frame at full size."""
        return self._newest[0].frame.whole if self._newest else None

    def drawn_frames(self, write: Callable[[bytes], None]) -> None:
        """Write each new frame, drawn, until the reader leaves or the session ends."""
        shown = None
        while not self._closed:
            newest = self._newer_than(shown)
            if newest is not None:
                write(overlaid(*newest, self._guide))
                shown = newest

    def _newer_than(
        self, shown: tuple[Look, dict[str, Any]] | None
    ) -> tuple[Look, dict[str, Any]] | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._newest is not shown, _WAIT_S
            )
            return None if self._newest is shown else self._newest


class _Handler(http.server.BaseHTTPRequestHandler):
    """One request; http.server makes one of these for each."""

    preview: Preview

    def do_GET(self) -> None:
        """Page, stream, state or still."""
        answers = {
            "/": self._page,
            "/stream": self._stream,
            "/state": self._state,
            "/still": self._still,
        }
        if self.headers.get("Host", "").rpartition(":")[0] not in _LOCAL:
            self.send_error(HTTPStatus.FORBIDDEN, "only for this device")
        elif answer := answers.get(self.path):
            answer()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard error belongs to the camera."""

    def _page(self) -> None:
        self._send("text/html; charset=utf-8", _PAGE.encode("utf-8"))

    def _state(self) -> None:
        self._send("application/json", json.dumps(self.preview.state()).encode("utf-8"))

    def _still(self) -> None:
        picture = self.preview.whole()
        if picture is None:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "no frame yet")
        else:
            self._send("image/jpeg", without_exif(picture))

    def _stream(self) -> None:
        self._head(f"multipart/x-mixed-replace; boundary={_BOUNDARY}")

        def write(jpeg: bytes) -> None:
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
            head += f"Content-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode("ascii") + jpeg + b"\r\n")

        try:
            self.preview.drawn_frames(write)
        except ConnectionError:
            # The reader closed the page.
            self.close_connection = True

    def _send(self, kind: str, content: bytes) -> None:
        self._head(kind, ("Content-Length", str(len(content))))
        self.wfile.write(content)

    def _head(self, kind: str, *more: tuple[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in (
            ("Content-Type", kind),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *more,
        ):
            self.send_header(name, value)
        self.end_headers()


def overlaid(look: Look, line: dict[str, Any], guide: float) -> bytes:
    """A frame as JPEG with the guide and the figures drawn on it."""
    image = Image.fromarray(read_photo(look.frame.picture, for_size_px=_SHOWN_PX // 4))
    image.thumbnail((_SHOWN_PX * 2, _SHOWN_PX))
    draw = ImageDraw.Draw(image)
    half = min(image.size) * guide / 2
    middle_x, middle_y = image.width / 2, image.height / 2
    colour = "lime" if line["steady"] else "yellow"
    box = (middle_x - half, middle_y - half, middle_x + half - 1, middle_y + half - 1)
    draw.rectangle(box, outline=colour, width=2)
    words = (
        f"{line['decision']} {line['probability']:.3f} / {line['threshold']:.3f}\n"
        f"{'sharp' if line['sharp'] else 'not sharp'},"
        f" {'still' if line['still'] else 'moving'}, {line['fps']} fps"
    )
    draw.rectangle((0, 0, 210, 28), fill="black")
    draw.multiline_text((3, 2), words, fill="white", spacing=2)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()
