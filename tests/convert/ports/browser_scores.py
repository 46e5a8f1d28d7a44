"""Run by test_ports.py in its own environment: LiteRT.js's outputs in Chromium.

Words: Chromium, folder of node_modules, model, inputs (npz with "stored"), where to
write (npz). A server for this one page runs meanwhile.
"""

import base64
import functools
import http.server
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np

PAGE = """<!doctype html><meta charset="utf-8"><title>ports</title>
<script type="importmap">{"imports": {
  "@litertjs/core": "./node_modules/@litertjs/core/dist/index.js",
  "@litertjs/wasm-utils": "./node_modules/@litertjs/wasm-utils/dist/index.js"
}}</script>
<script type="module">
import {loadLiteRt, loadAndCompile, Tensor} from "@litertjs/core";
window.scores = async (inputs, shape) => {
  await loadLiteRt("./node_modules/@litertjs/core/wasm/");
  const model = await loadAndCompile("./model.tflite", {accelerator: "wasm"});
  const given = [];
  for (const text of inputs) {
    const stored = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const results = await model.run([new Tensor(stored, shape)]);
    given.push(Array.from(await results[0].data()));
  }
  return given;
};
window.ready = true;
</script>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def guess_type(self, path):
        types = {".js": "text/javascript", ".wasm": "application/wasm"}
        return types.get(Path(path).suffix) or super().guess_type(path)

    def log_message(self, *_):
        pass


def main(chromium, modules, model, inputs, written):
    # Here, as pytest imports every module of the tests, also where this is missing.
    from playwright.sync_api import sync_playwright

    stored = np.load(inputs)["stored"]
    encoded = [base64.b64encode(each.tobytes()).decode() for each in stored]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "index.html").write_text(PAGE)
        shutil.copy(model, folder / "model.tflite")
        (folder / "node_modules").symlink_to(Path(modules).resolve())
        handler = functools.partial(Quiet, directory=name)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page()
            page.set_default_timeout(120_000)
            page.on("console", lambda message: print(message.text, file=sys.stderr))
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("window.ready")
            outputs = page.evaluate(
                "([inputs, shape]) => window.scores(inputs, shape)",
                [encoded, [1, *stored.shape[1:]]],
            )
            browser.close()
        server.shutdown()
    np.savez(written, outputs=np.array(outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
