"""The same model file through tfjs-tflite, the older runtime for browsers."""

import functools
import http.server
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.web_browser import RUNS, WARM_UP_RUNS
from benchmarks.web_server import PATIENCE_S, ServerError

CHECKOUT = Path(__file__).resolve().parents[1]
# Installed by make test-web, by version and hash.
MODULES = CHECKOUT / ".browser-tests/node_modules/@tensorflow"
SCRIPTS = (
    "tfjs-core/dist/tf-core.min.js",
    "tfjs-backend-cpu/dist/tf-backend-cpu.min.js",
    "tfjs-tflite/dist/tf-tflite.min.js",
)
WASM = "tfjs-tflite/wasm/tflite_web_api_cc_simd.wasm"

RUN = """async ({model, size, input, warmUp, runs}) => {
  tflite.setWasmPath("/tfjs-tflite/wasm/");
  const started = performance.now();
  const loaded = await tflite.loadTFLiteModel(model, {numThreads: 1});
  const load_ms = performance.now() - started;
  const pixels = Int32Array.from(atob(input), (c) => c.charCodeAt(0));
  const spent = [];
  let output;
  for (let run = 0; run < warmUp + runs; run++) {
    const start = performance.now();
    const tensor = tf.tensor(pixels, [1, size, size, 3], "int32");
    const answer = loaded.predict(tensor);
    [output] = await answer.data();
    tf.dispose([tensor, answer]);
    if (run >= warmUp) spent.push(performance.now() - start);
  }
  return {load_ms, spent, output};
}"""


@dataclass(frozen=True)
class Tfjs:
    """What tfjs-tflite made of one input.

    Attributes:
        load_ms: of its WebAssembly and the model, from the same machine.
        invoke_ms: median from pixels to output.
        output: as stored.
    """

    load_ms: float
    invoke_ms: float
    output: int


def run_tfjs(browser: Any, model: bytes, size_px: int, pixels_base64: str) -> Tfjs:
    """Run a uint8 model in a page that has nothing else.

    Raises:
        ServerError: when tfjs-tflite is not installed here.
    """
    if not (MODULES / WASM).is_file():
        raise ServerError(f"{MODULES / WASM} is absent; make test-web installs it")
    with tempfile.TemporaryDirectory() as name, _served(Path(name)) as url:
        folder = Path(name)
        for package in MODULES.iterdir():
            (folder / package.name).symlink_to(package)
        (folder / "model.tflite").write_bytes(model)
        tags = "".join(f'<script src="/{script}"></script>' for script in SCRIPTS)
        (folder / "index.html").write_text(f"<!doctype html>{tags}", encoding="utf-8")
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        page.goto(url)
        found = page.evaluate(
            RUN,
            {
                "model": "/model.tflite",
                "size": size_px,
                "input": pixels_base64,
                "warmUp": WARM_UP_RUNS,
                "runs": RUNS,
            },
        )
        page.close()
    invoke_ms = statistics.median(found["spent"])
    return Tfjs(found["load_ms"], invoke_ms, int(found["output"]))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """No line for each request."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
