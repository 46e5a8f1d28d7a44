"""Heat maps of photos as PNG files, beside the verdicts they explain."""

import io
import time
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.commands.verdict_table import heading, row
from edge_runtime.errors import PhotoError, ResultFileError
from edge_runtime.files.atomic import write_bytes
from edge_runtime.heat_map import heat_map, overlay
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess
from edge_runtime.terminal import logs
from edge_runtime.verdict import model_lines


def draw_heat_maps(
    classifier: LesionClassifier, photos: Sequence[Path], out: Path
) -> int:
    """Print each verdict and draw what it rests on; returns how many failed.

    Args:
        classifier: gives verdicts and scores.
        photos: to explain.
        out: the PNG of one photo; for several, or where ``out`` is a folder, the folder
            for ``NAME.heatmap.png``.

    Raises:
        ResultFileError: when a PNG cannot be written.
    """
    width = max(len(str(photo)) for photo in photos)
    for line in (*model_lines(classifier.card), "", heading(width)):
        print(line)
    failed = 0
    for place, photo in enumerate(photos):
        try:
            verdict = classifier.classify(photo)
            path = _path(out, photo, place, len(photos))
            cost = _draw(classifier, photo, path)
        except PhotoError as error:
            failed += 1
            logs.error(str(error), photo=photo)
        else:
            print(row(verdict, width))
            print(f"  {path}: {cost}", flush=True)
    return failed


def _path(out: Path, photo: Path, place: int, count: int) -> Path:
    if count == 1 and not out.is_dir():
        return out
    # Photos of different folders may share a name.
    return out / f"{place:05}_{photo.stem}.heatmap.png"


def _draw(classifier: LesionClassifier, photo: Path, path: Path) -> str:
    size_px = classifier.card.input.size_px
    start_ns = time.perf_counter_ns()
    image = read_photo(photo, for_size_px=size_px)
    found = heat_map(classifier.score, preprocess(image, size_px))
    span_ms = (time.perf_counter_ns() - start_ns) / 1e6
    encoded = io.BytesIO()
    overlay(image, found).save(encoded, "PNG")
    try:
        write_bytes(path, encoded.getvalue())
    except OSError as error:
        raise ResultFileError(f"{path} cannot be written: {error}") from error
    flat = "" if found.gain.any() else "; no part alone moves the score"
    return f"{found.inferences} inferences, {span_ms:.0f} ms{flat}"
