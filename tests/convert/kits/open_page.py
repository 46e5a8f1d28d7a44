"""Run by test_kit_web.py where playwright is: the web kit's page in Chromium.

Words: Chromium, folder of the built kit, answers as JSON, photos. Prints JSON: what the
self-test said, what was said of each photo, and the whole text of the page.
"""

import functools
import http.server
import json
import sys
import threading
from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def guess_type(self, path):
        types = {".js": "text/javascript", ".wasm": "application/wasm"}
        return types.get(Path(path).suffix) or super().guess_type(path)

    def log_message(self, *_):
        pass


def main(chromium, folder, answers, *photos):
    # Here, as pytest imports every module of the tests, also where this is missing.
    from playwright.sync_api import sync_playwright

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        page.set_default_timeout(180_000)
        page.on("console", lambda message: print(message.text, file=sys.stderr))
        page.on("pageerror", lambda error: print(error, file=sys.stderr))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.click("#test")
        page.wait_for_function("!/^(|testing ...)$/.test(result.textContent)")
        self_test = page.text_content("#result")
        for name, answer in json.loads(answers).items():
            field = page.locator(f"#answer-{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(answer)
            else:
                field.fill(answer)
        said = []
        for photo in photos:
            page.evaluate("verdict.textContent = ''")
            page.set_input_files("#photo", photo)
            page.wait_for_function("verdict.textContent !== ''")
            said.append(page.text_content("#verdict"))
        about = page.text_content("body")
        browser.close()
    server.shutdown()
    print(json.dumps({"self_test": self_test, "verdicts": said, "body": about}))


if __name__ == "__main__":
    main(*sys.argv[1:])
