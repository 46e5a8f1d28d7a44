r"""How often a badly framed photo gets a wrong verdict without a word, and what helps.

Run: python -m benchmarks.robustness.framing_bench --model
models/lesion64.qat_int8.tflite \
         --manifest data/fanconic/manifest.csv

Each photo is pasted into a larger frame of its own skin: in the middle, off the middle,
or beside the square that is judged without a crop. Each row tells

- hit: the suggested square's middle lies within a quarter of the pasted photo's side of
  its middle, and its side is 0.4 to 1.6 of it;
- silent before: verdicts that are wrong (investigate for a benign lesion, monitor for a
  malignant one), whatever the share that the lesion fills;
- silent now: those of them without the finding ``framing``;
- with the suggested square: wrong and without the finding, when it is judged instead;
- as the photo: decisions on the suggested square that are those of the photo itself.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from edge_runtime.classifier import LesionClassifier
from edge_runtime.photos.crop import Crop
from edge_runtime.photos.decoding import read_picture
from edge_runtime.photos.lesion_locator import suggested
from edge_runtime.photos.preprocessing import cut
from edge_runtime.photos.quality import FRAMING
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import INVESTIGATE, MONITOR, Verdict

# Side of the frame over that of the photo, and where the photo lies in it.
FRAMES = (
    (1, "middle"), (2, "middle"), (3, "middle"), (4, "middle"), (5, "middle"),
    (3, "off"), (4, "off"), (4, "beside"),
)  # fmt: skip
SEED = 2


@dataclass(frozen=True)
class Framed:
    """A photo in a frame.

    Attributes:
        picture: the frame; RGB.
        crop: the square that the photo fills.
    """

    picture: Image.Image
    crop: Crop


def framed(
    photo: Image.Image, factor: int, place: str, random: np.random.Generator
) -> Framed:
    """Paste a square photo into a 4:3 frame of skin in its rim's colour."""
    if factor == 1:
        return Framed(photo, Crop())
    side = photo.width
    height, width = side * factor, side * factor * 4 // 3
    canvas = _skin(photo, width, height, random)
    left, top = _corner(side, width, height, place, random)
    ramp = np.minimum(1, (np.arange(side) + 1) / max(side // 8, 3))
    edge = np.minimum(ramp, ramp[::-1])
    weight = np.minimum.outer(edge, edge)[..., np.newaxis]
    part = canvas[top : top + side, left : left + side]
    part[:] = part * (1 - weight) + np.asarray(photo) * weight
    crop = Crop((left + side / 2) / width, (top + side / 2) / height, 1 / factor)
    return Framed(Image.fromarray(canvas.clip(0, 255).astype(np.uint8)), crop)


def _skin(
    photo: Image.Image, width: int, height: int, random: np.random.Generator
) -> NDArray[np.float64]:
    pixels = np.asarray(photo).astype(float)
    rim = max(photo.width // 12, 2)
    inside = np.zeros(pixels.shape[:2], bool)
    inside[rim:-rim, rim:-rim] = True

    def noise(rows: int, columns: int, spread: float) -> Image.Image:
        levels = random.normal(128, spread, (rows, columns)).clip(0, 255)
        return Image.fromarray(levels.astype(np.uint8))

    uneven = noise(9, 12, 14).resize((width, height), Image.Resampling.BICUBIC)
    grain = noise(height, width, 10).filter(ImageFilter.GaussianBlur(1))
    added = 0.5 * (np.asarray(uneven) - 128.0) + (np.asarray(grain) - 128.0)
    skin = np.median(pixels[~inside], axis=0)
    return np.asarray(skin + added[..., np.newaxis], np.float64)


def _corner(
    side: int, width: int, height: int, place: str, random: np.random.Generator
) -> tuple[int, int]:
    if place == "middle":
        return (width - side) // 2, (height - side) // 2
    if place == "off":
        near, far = 0.08, 0.92
        across, down = random.choice([near, far], 2) * (height - side)
        return (width - height) // 2 + int(across), int(down)
    left = 0 if random.random() < 0.5 else width - side
    return left, int((height - side) * random.random())


def is_wrong(verdict: Verdict, malignant: bool) -> bool:
    """Whether a confident decision is the wrong one."""
    return verdict.decision == (MONITOR if malignant else INVESTIGATE)


def is_silent(verdict: Verdict) -> bool:
    """Whether nothing was said about the framing."""
    return all(finding.name != FRAMING for finding in verdict.findings)


def measured(
    classifier: LesionClassifier,
    photos: Sequence[tuple[Image.Image, bool]],
    factor: int,
    place: str,
) -> tuple[float, ...]:
    """Shares of the photos: one row of the table, see the module."""
    random = np.random.default_rng(SEED)
    counts = np.zeros(5)
    for photo, malignant in photos:
        shown = framed(photo, factor, place, random)
        centre = classifier.classify(shown.picture)
        crop = suggested(shown.picture)
        auto = classifier.classify(shown.picture, crop=crop)
        counts += (
            _hits(crop, shown),
            is_wrong_without_finding(classifier, shown.picture, malignant),
            is_wrong(centre, malignant) and is_silent(centre),
            is_wrong(auto, malignant) and is_silent(auto),
            auto.decision == classifier.classify(photo).decision,
        )
    return tuple(counts / len(photos))


def is_wrong_without_finding(
    classifier: LesionClassifier, picture: Image.Image, malignant: bool
) -> bool:
    """Whether the verdict is wrong when nothing is asked about the framing."""
    verdict = classifier.classify(picture)
    if is_silent(verdict):
        return is_wrong(verdict, malignant)
    flagged = verdict.probability >= verdict.threshold
    low = classifier.card.uncertainty.low_probability
    others = [each for each in verdict.findings if each.name != FRAMING]
    if any(each.unusable for each in others):
        return False
    return not flagged and verdict.probability < low if malignant else flagged


def _hits(crop: Crop, shown: Framed) -> bool:
    width, height = shown.picture.size
    side = shown.crop.side * min(width, height)
    off = max(
        abs(crop.x - shown.crop.x) * width / side,
        abs(crop.y - shown.crop.y) * height / side,
    )
    return off < 0.25 and 0.4 < crop.side / shown.crop.side < 1.6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Measure verdicts on photos pasted into larger frames."
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--photos", type=int, default=150, help="drawn at random")
    options = parser.parse_args(arguments)
    with options.manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == options.split]
    order = np.random.default_rng(SEED).permutation(len(rows))[: options.photos]
    photos = [
        (
            cut(read_picture(options.manifest.parent / rows[place]["path"])),
            rows[place]["label"] == "malignant",
        )
        for place in order
    ]
    classifier = LesionClassifier.load(options.model, threads=1, site=False)
    print(f"{len(photos)} photos of {options.manifest.parent.name}, {options.split}")
    print("| frame | hit | silent before | silent now | suggested | as the photo |")
    print("|---|---|---|---|---|---|")
    with ProgressLine() as line:
        for done, (factor, place) in enumerate(FRAMES):
            line.show("framings judged", done, len(FRAMES), f"{factor} x, {place}")
            shares = measured(classifier, photos, factor, place)
            cells = " | ".join(f"{share:.2f}" for share in shares)
            line.clear()
            print(f"| {factor} x, {place} | {cells} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
