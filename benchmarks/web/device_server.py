"""By how much the page and the server differ about the same large JPEG.

Run: .venv-web/bin/python -m benchmarks.web.device_server --model
models/lesion64.qat_int8.tflite --manifest data/fanconic/manifest.csv

A browser decodes a JPEG whole and takes means; the server decodes it at a smaller
scale. Photos of the manifest are enlarged to 12 megapixels, given grain and saved as
a phone saves them. The page and the service judge each, and their probabilities are
compared.
"""

import argparse
import base64
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.web.browser import chromium
from benchmarks.web.server import Client, ServerError, WebServer, form
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.photos.decoding import read_picture
from edge_runtime.photos.manifest import SPLITS, photos_of, read_manifest
from edge_runtime.terminal.exit_status import exit_status

SIZE_PX = (4000, 3000)
QUALITY = 90
# Levels of noise before the JPEG, as a phone's sensor leaves them in good light.
GRAIN = 3.0
SEED = 5

JUDGE = """async ({name, photo}) => {
  const load = (module) => import(`/static/js/${module}.js`);
  const [{modelCards}, {judgeFor}, {openPhoto, squareOf}, {CENTRE}] = await Promise.all(
    ["model", "judge", "photo", "crop"].map(load));
  const card = (await modelCards()).find((each) => each.name === name);
  const content = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  (await openPhoto(new File([content], "photo.jpg"))).shown.close();
  const square = await squareOf(CENTRE, card.input.size_px);
  const {probability, decision} =
    await (await judgeFor(card)).verdict(square, "photo.jpg", 0);
  return {probability, decision};
}"""


@dataclass(frozen=True)
class Difference:
    """Of one model over all photos.

    Attributes:
        probability: absolute differences, one a photo.
        decisions: how many were not the same.
    """

    probability: tuple[float, ...]
    decisions: int


def enlarged(path: Path, random: np.random.Generator) -> bytes:
    """A photo at 12 megapixels, as a JPEG."""
    picture = read_picture(path)
    large = picture.resize(SIZE_PX, Image.Resampling.BICUBIC)
    width, height = SIZE_PX
    grain = random.normal(0, GRAIN, (height, width, 1)).astype(np.float32)
    noisy = (np.asarray(large, np.float32) + grain).clip(0, 255).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noisy).save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()


def compared(
    page: Any, server: WebServer, names: Sequence[str], photos: Sequence[Path]
) -> dict[str, Difference]:
    """Each model's differences; ``page`` is one of ``server``.

    Raises:
        ServerError: when the service gives no verdict.
    """
    random = np.random.default_rng(SEED)
    client = Client(server.host, server.port)
    differences: dict[str, list[float]] = {name: [] for name in names}
    decisions = dict.fromkeys(names, 0)
    for path in photos:
        content = enlarged(path, random)
        body, headers = form(content)
        encoded = base64.b64encode(content).decode()
        for name in names:
            answer = client.send(f"/api/v1/classify?model={name}", body, headers)
            if answer.status != 200:
                raise ServerError(f"no verdict about {path}: {answer.body!r}")
            (there,) = json.loads(answer.body)["results"]
            here = page.evaluate(JUDGE, {"name": name, "photo": encoded})
            decisions[name] += here["decision"] != there["decision"]
            # Of an unusable photo the service tells no probability.
            if there["probability"] is not None:
                apart = abs(here["probability"] - there["probability"])
                differences[name].append(apart)
    client.close()
    return {
        name: Difference(tuple(differences[name]), decisions[name]) for name in names
    }


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Compare the page's verdicts on large JPEGs with the server's."
    )
    parser.add_argument("--model", type=Path, required=True, action="append")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument("--photos", type=int, default=40, help="drawn at random")
    options = parser.parse_args(arguments)
    try:
        chosen = photos_of(read_manifest(options.manifest), options.split)
        order = np.random.default_rng(SEED).permutation(len(chosen))[: options.photos]
        photos = [chosen[place].path for place in order]
        found = _in_chromium(options.model, photos)
    except (OSError, EdgeRuntimeError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{len(photos)} photos, {options.split}, as JPEGs of 12 megapixels")
    print("| model | mean | 95 % | largest | other decisions |")
    print("|---|---|---|---|---|")
    for name, each in found.items():
        apart = np.array(each.probability)
        cells = (apart.mean(), np.quantile(apart, 0.95), apart.max())
        figures = " | ".join(f"{value:.4f}" for value in cells)
        print(f"| {name} | {figures} | {each.decisions} of {len(photos)} |")
    return 0


def _in_chromium(
    models: Sequence[Path], photos: Sequence[Path]
) -> dict[str, Difference]:
    with chromium() as browser, WebServer(models, "--rate-limit", "0") as it:
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(f"{it.url}/about")
        found = compared(page, it, [path.stem for path in models], photos)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
