"""What decoding a large JPEG at reduced scale saves, and what it changes.

Run: python -m benchmarks.costs.large_photos --models models --photos samples
"""

import argparse
import functools
import io
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import timed
from benchmarks.text.tables import text_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.photos.decoding import decode_scale, read_photo
from edge_runtime.photos.paths import photos_in
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines

TARGET_SPEEDUP, LARGEST_DIFFERENCE = 4.0, 0.01


@dataclass(frozen=True)
class Row:
    """One model at one scale, against the plain way on the same photos.

    Attributes:
        model: its card's name.
        scale: by which the photo's sides are divided while it is decoded.
        moved_px: by which the crop is moved, of 3000 pixels.
        plain_ms: median of Pillow's full decode, crop, resize and the interpreter.
        reduced_ms: median of the same with the JPEG decoded at reduced scale.
        speedup: median of the ratio, photo by photo.
        median_difference: of the probability.
        largest_difference: of the probability.
        within: photos whose probability is at most 0.01 off.
        largest_steps: of the raw score, in steps of an int8 output (1/256).
        decisions_changed: photos on the other side of the threshold.
        photos: how many there were.
        classify_ms: median of ``classify`` with its findings, at the scale in use.
    """

    model: str
    scale: int
    moved_px: int
    plain_ms: float
    reduced_ms: float
    speedup: float
    median_difference: float
    largest_difference: float
    within: int
    largest_steps: float
    decisions_changed: int
    photos: int
    classify_ms: float | None


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal, and for docs/device/runtime.md."""
    head = (
        "model", "scale", "full decode, ms", "reduced, ms",
        "times faster", "difference in probability, median", "largest", "at most 0.01",
        "steps of 1/256",
        "decisions changed", "classify, ms",
    )  # fmt: skip
    lines = [
        (
            row.model,
            _way(row),
            f"{row.plain_ms:.0f}",
            f"{row.reduced_ms:.1f}",
            f"{row.speedup:.1f}",
            f"{row.median_difference:.4f}",
            f"{row.largest_difference:.4f}",
            f"{row.within} of {row.photos}",
            f"{row.largest_steps:.0f}",
            f"{row.decisions_changed} of {row.photos}",
            "" if row.classify_ms is None else f"{row.classify_ms:.1f}",
        )
        for row in rows
    ]
    return text_table(head, lines)


def _way(row: Row) -> str:
    if row.moved_px:
        return "1/1, crop moved 1 px"
    return f"1/{row.scale}" + (" (in use)" if row.classify_ms is not None else "")


def kept(rows: Sequence[Row]) -> bool:
    """Whether the scale in use is fast enough and moves no score too far.

    Too far is further than 0.01, and further than the model moves it by itself when the
    crop is moved by a pixel of 3000.
    """
    itself = {row.model: row.largest_difference for row in rows if row.moved_px}
    return all(
        row.speedup >= TARGET_SPEEDUP
        and row.largest_difference <= max(LARGEST_DIFFERENCE, itself[row.model])
        for row in rows
        if row.classify_ms is not None
    )


# 12 megapixels, the Raspberry Pi Camera Module 3 and most phones; 4:2:0 chroma and
# quality 90 as they write it.
WIDTH_PX, HEIGHT_PX, QUALITY = 4000, 3000, 90
# Sensor noise of a phone indoors, in levels; every other photo gets it.
NOISE_LEVELS = 6.0
# By how much Pillow divides the sides of a JPEG while it decodes, and by how many
# pixels of 3000 the crop is moved. The first is the plain way; the last is that again,
# with nothing changed that a person could see: what the model makes of nothing.
WAYS = ((1, 0), (2, 0), (4, 0), (8, 0), (1, 1))


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    photos: Path
    count: int
    out: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Enlarge photos to 12 megapixels, every other one with noise, and"
        " compare the runtime's reduced decode with Pillow's full decode: time and"
        " probability. Research and education; not a medical device.",
        epilog="exit status: 0 done; 1 nothing could be measured; 2 wrong usage;"
        " 4 the scale in use is under 4 times faster, or moves a"
        " probability by over 0.01 and by more than a crop moved by one pixel does",
        formatter_class=Defaults,
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--photos", type=Path, default=Path("samples"))
    parser.add_argument("--count", type=int, default=20, help="photos to enlarge")
    parser.add_argument(
        "--out", type=Path, default=None, help="JSON file with all figures"
    )
    options = parser.parse_args(arguments)
    return Settings(options.models, options.photos, options.count, options.out)


def measure(settings: Settings) -> tuple[Row, ...]:
    """All models at all margins.

    Raises:
        EdgeRuntimeError: when a model or a photo cannot be used.
    """
    names = list(photos_in([settings.photos]))
    step = max(1, len(names) // settings.count)
    photos = [enlarged(path, seed) for seed, path in enumerate(names[::step])]
    rows: list[Row] = []
    for model in chosen_models(settings.models, ()).values():
        with without_info_lines():
            classifier = LesionClassifier.load(model, site=False)
        rows += _rows(classifier, photos[: settings.count])
    return tuple(rows)


def enlarged(
    path: Path, seed: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX
) -> bytes:
    """A photo as a camera would hand it over: a large JPEG.

    Args:
        path: of the photo.
        seed: of the noise; even ones have none.
        width_px: of the JPEG.
        height_px: of the JPEG; a multiple of 10.
    """
    picture = Image.fromarray(read_photo(path))
    large = picture.resize((width_px, height_px), Image.Resampling.BICUBIC)
    if seed % 2:
        generator = np.random.default_rng(seed)
        # One strip of noise, turned over the photo: drawing 36 million numbers per
        # photo would take longer than everything that is measured.
        noise = generator.normal(0, NOISE_LEVELS, (height_px // 10, width_px, 3))
        tall = np.tile(noise.astype(np.float32), (10, 1, 1))
        large = Image.fromarray(
            (np.asarray(large) + tall).round().clip(0, 255).astype(np.uint8)
        )
    file = io.BytesIO()
    large.save(file, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return file.getvalue()


def _rows(classifier: LesionClassifier, photos: Sequence[bytes]) -> Iterator[Row]:
    card, size_px = classifier.card, classifier.card.input.size_px
    scores = np.zeros((len(WAYS), len(photos)))
    spans_ms, classified_ms = np.zeros_like(scores), []
    for place, photo in enumerate(photos):
        for row, way in enumerate(WAYS):
            judge = functools.partial(_judged, classifier, photo, *way)
            scores[row, place], spans_ms[row, place] = timed(judge)
        classified_ms.append(timed(functools.partial(classifier.classify, photo))[1])
    used = decode_scale(WIDTH_PX, HEIGHT_PX, size_px)
    probabilities = calibrated(scores, card.temperature)
    off = np.abs(probabilities - probabilities[0])
    called = scores >= card.threshold.score
    for row, (scale, moved_px) in enumerate(WAYS):
        in_use = scale == used and not moved_px
        yield Row(
            model=card.name,
            scale=scale,
            moved_px=moved_px,
            plain_ms=float(np.median(spans_ms[0])),
            reduced_ms=float(np.median(spans_ms[row])),
            speedup=float(np.median(spans_ms[0] / spans_ms[row])),
            median_difference=float(np.median(off[row])),
            largest_difference=float(off[row].max()),
            within=int((off[row] <= LARGEST_DIFFERENCE).sum()),
            largest_steps=float(np.abs(scores[row] - scores[0]).max() * 256),
            decisions_changed=int((called[row] != called[0]).sum()),
            photos=len(photos),
            classify_ms=statistics.median(classified_ms) if in_use else None,
        )


def _judged(
    classifier: LesionClassifier, photo: bytes, scale: int, moved_px: int
) -> float:
    """Decode, crop and resize with Pillow alone, then the interpreter."""
    size_px = classifier.card.input.size_px
    picture = Image.open(io.BytesIO(photo))
    picture.draft("RGB", (picture.width // scale, picture.height // scale))
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2 + moved_px, (height - side) // 2
    square = picture.convert("RGB").crop((left, top, left + side, top + side))
    pixels = square.resize((size_px, size_px), Image.Resampling.BILINEAR)
    return classifier.score(np.asarray(pixels))


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    rows = measure(settings)
    print(table(rows))
    if settings.out:
        found = {
            "machine": asdict(describe_machine()),
            "photo": f"JPEG {WIDTH_PX} x {HEIGHT_PX}, quality {QUALITY}, 4:2:0",
            "rows": [asdict(row) for row in rows],
        }
        write_text(settings.out, json.dumps(found, indent=2) + "\n")
    return 0 if kept(rows) else 4


if __name__ == "__main__":
    raise SystemExit(main())
