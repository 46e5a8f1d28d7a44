"""A real server and a real Chromium, driven by Playwright; without them, skip."""

import base64
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from edge_runtime import LesionClassifier
from edge_runtime.model.file import read_model_file

# LiteRT.js takes no others.
BROWSER_DTYPES = {"uint8", "float32"}
FLAGS = ["--no-sandbox", "--disable-gpu"]
CAMERA_FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def model_paths(root):
    """The shipped models that a browser can run, the smallest first."""
    pytest.importorskip("ai_edge_litert", reason="no interpreter is installed")
    found = [path for path in (root / "models").glob("*.tflite") if _fits(path)]
    if len(found) < 2:
        pytest.skip(
            f"models/ has {len(found)} files that a browser can run; expected 2"
        )
    return sorted(found, key=lambda path: path.stat().st_size)


def _fits(path):
    card = read_model_file(path).card
    # With models for both kinds the page asks which; test_smartphone_photo.py has that.
    if card.photo_kind != "dermoscopic":
        return False
    return {card.input.dtype, card.output.dtype} <= BROWSER_DTYPES


@pytest.fixture(scope="session")
def cards(model_paths):
    """The models' cards, in the same order."""
    return [read_model_file(path).card for path in model_paths]


@pytest.fixture(scope="session")
def python_says(root, model_paths):
    """What Python says of a photo with the preferred model, or another one."""
    classifiers = {}

    def judge(photo, place=0):
        if place not in classifiers:
            path = model_paths[place]
            classifiers[place] = LesionClassifier.load(path, threads=1)
        return classifiers[place].classify(root / photo)

    return judge


class Server:
    """``serve.py`` in a process of its own."""

    def __init__(self, root, models, *options, port=0):
        named = [word for path in models for word in ("--model", str(path))]
        command = [sys.executable, str(root / "web_demo/serve.py"), *named]
        command += ["--port", str(port), "--rate-limit", "0", *map(str, options)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)


@pytest.fixture
def start_server(root, model_paths):
    """Start servers that the test stops itself; what is left is stopped after it."""
    started = []

    def start(*options, models=model_paths, port=0):
        started.append(Server(root, models, *options, port=port))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def library(root):
    """The in-browser runtime; without it, skip."""
    if not (root / ".browser-files/index.js").is_file():
        pytest.skip("LiteRT.js is absent; run web_demo/fetch_browser_files.py")


REPORT = """<!doctype html><html lang="en"><title>Report</title><body><p id="out">no</p>
<script>
document.getElementById("out").textContent = "drawn";
try { parent.document.title = "taken"; } catch { /* the frame is a sandbox */ }
fetch("/healthz").then(() => { document.title = "reached"; }, () => {});
</script>"""


@pytest.fixture(scope="session")
def site(root, model_paths, library, tmp_path_factory):
    """Address of a server that runs for the whole session."""
    report = tmp_path_factory.mktemp("report") / "report.html"
    report.write_text(REPORT)
    server = Server(root, model_paths, "--report", report)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def browser(playwright, chromium_path, drawn_video):
    """A Chromium whose camera shows a drawn lesion."""
    camera = f"--use-file-for-fake-video-capture={drawn_video}"
    with playwright.chromium.launch(
        executable_path=chromium_path, args=[*FLAGS, *CAMERA_FLAGS, camera]
    ) as launched:
        yield launched


@pytest.fixture
def open_page(browser, site):
    """Open a page of the site; anything the policy blocks fails the test."""
    contexts, blocked = [], []

    def open_it(path="/", *, base=site, **settings):
        context = browser.new_context(**{"viewport": DESKTOP, **settings})
        # The machine may be busy with other things.
        context.set_default_timeout(90_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: blocked.append(str(error)))
        page.on(
            "console",
            lambda message: (
                "Content Security Policy" in message.text
                # What the report of these tests tries, see REPORT.
                and "/healthz" not in message.text
                and blocked.append(message.text)
            ),
        )
        page.goto(base + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not blocked


def model_ready(page):
    # Not wait_for_function, which would need what the pages' policy forbids.
    page.wait_for_selector("body[data-model]", timeout=120_000)
    assert page.get_attribute("body", "data-model") == "ready", page.inner_text("main")


@pytest.fixture(scope="session")
def wait_for_model():
    """Wait until the model of a page can judge."""
    return model_ready


@pytest.fixture
def laboratory(open_page):
    """A page in which modules are called directly; arrays travel as base64."""
    page = open_page("/about")
    page.evaluate(
        """async () => {
          const load = (name) => import(`/static/js/${name}.js`);
          const names = ["resize", "verdict", "judge", "model", "wording"];
          window.modules = Object.fromEntries(
            await Promise.all(names.map(async (name) => [name, await load(name)])));
          window.bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          window.text = (bytes) => {
            let found = "";
            for (const byte of bytes) found += String.fromCharCode(byte);
            return btoa(found);
          };
        }"""
    )
    return page


@pytest.fixture(scope="session")
def packed():
    """An RGB array as the page takes it."""

    def pack(image):
        height, width = image.shape[:2]
        rgb = base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
        return {"rgb": rgb, "width": width, "height": height}

    return pack


@pytest.fixture(scope="session")
def drawn_video(root, tmp_path_factory):
    """Two seconds of a drawn lesion in raw Y4M, 640 x 480, moving a little."""
    picture = Image.open(root / "samples/drawn_tone3_irregular.png").convert("RGB")
    large = picture.resize((960, 960), Image.Resampling.BICUBIC)
    path = tmp_path_factory.mktemp("camera") / "lesion.y4m"
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n")
        for frame in range(30):
            left, top = 160 + frame % 5, 240 + frame % 3
            shown = large.crop((left, top, left + 640, top + 480)).convert("YCbCr")
            luma, *chroma = shown.split()
            halves = [each.resize((320, 240), Image.Resampling.BOX) for each in chroma]
            file.write(b"FRAME\n")
            for plane in (luma, *halves):
                file.write(plane.tobytes())
    return path


@pytest.fixture(scope="session")
def drawn_models(root, tmp_path_factory):
    """Paths: the float file, its int8 twin, and the one that asks.

    A minute of making; ``LESION_EDGE_DRAWN_MODELS`` names a folder in which
    ``make_models.py`` has made them already.
    """
    named = os.environ.get("LESION_EDGE_DRAWN_MODELS")
    folder = tmp_path_factory.mktemp("models") / "made"
    if not named:
        python = root / ".venv/bin/python"
        has = [str(python), "-c", "import tensorflow"]
        if not python.is_file() or subprocess.run(has, capture_output=True).returncode:
            pytest.skip("no .venv with TensorFlow to convert with; run make install")
        script = "tests/web_demo/in_browser/make_models.py"
        subprocess.run(
            [str(python), script, str(folder)],
            cwd=root, check=True, capture_output=True, timeout=900,
        )  # fmt: skip
    paths = sorted((root / named if named else folder).glob("*-models/*.tflite"))
    asking, floats, int8 = paths
    return floats, int8, asking


@pytest.fixture
def asking_site(start_server, library, drawn_models, model_paths):
    """A server with the model that asks first, then a shipped one."""
    return start_server(models=(drawn_models[2], model_paths[0])).url


@pytest.fixture(scope="session")
def choose():
    """Choose a photo on a page; for the server also press the button that sends it."""

    def run(page, photo, where="device"):
        if not page.is_visible(f"#where-{where}"):
            page.click("#settings summary")
        page.check(f"#where-{where}")
        page.set_input_files("#photo", photo)
        if where == "server":
            page.click("#send")

    return run
