"""Golden vectors in forms that every language reads without a library.

``golden.npz`` inside the model file is a zip of numpy arrays; nothing but numpy reads
it with ease. A kit has raw bytes and tables with tabs instead, or the same in one JSON
file. What they hold goes from one step of the way to the next, so that a self-test can
say which step differs.
"""

import base64
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from convert.cards.golden import answers_told
from convert.kits.photos import Picture, kit_photos
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.answers import Question
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import ModelFile
from edge_runtime.photos.crop import Crop
from edge_runtime.verdict import decision

STEPS = {
    "decode": "Another picture from the same file: turn it upright by its EXIF"
    " orientation, let no colour profile be applied, lay transparent pixels on white,"
    " take 8 bits a colour.",
    "colour order": "The model wants red, green, blue in this order. Android's bitmaps"
    " are ARGB, Apple's often BGRA, OpenCV's BGR.",
    "crop": "The square that is judged has its middle and side as shares of the upright"
    " photo; compute its pixels with this kit's function.",
    "answers": "Each question has a place for every allowed answer, in the card's"
    " order, and a last one for 'unknown'; of these one is 1. A number takes its share"
    " of the range and a 0, or a 0 and a 1 where it is unknown.",
    "resize": "Cut the largest centre square, then scale with this kit's resize."
    " A platform's own scaling (Bitmap, canvas, Core Image, OpenCV) gives other"
    " pixels, by dozens of levels.",
    "normalisation": "real = (pixel - mean) / std with this kit's constants; pixels run"
    " from 0 to 255.",
    "quantisation": "stored = round(real / scale) + zero point, halves to the even"
    " integer, clipped to the type; no plain cast. The type is the constants'.",
    "kernels": "The interpreter gives another output for the same input bytes: another"
    " model file (its SHA-256 is file_sha256 in kit.json), another family of kernels (a"
    " GPU, NPU or Core ML delegate, or no XNNPACK), or the bytes arrive in another"
    " order.",
    "restore": "score = scale * (stored - zero point), rounded to single precision;"
    " read the output as the type that the constants name.",
    "probability": "sigmoid(logit(score) / temperature) in double precision, with"
    " scores kept 1/512 away from 0 and 1.",
    "threshold": "Compare the score with this kit's threshold: not a probability, not"
    " 0.5, and 'at or above', not 'above'.",
    "quality": "Other findings about the photo than Python's: look at the size of the"
    " square that is judged, and at luma's weights.",
    "whole": "Each step is right alone; the app leaves one out or runs them in another"
    " order.",
}
"""What a self-test can name, and where to look then."""

_FLOAT_SCORES = 65


def golden_files(file: ModelFile) -> dict[str, bytes]:
    """Files by name, for languages that read folders."""
    pictures = (*_golden_pictures(file), *kit_photos(file))
    files = {
        "steps.tsv": _table(("step", "hint"), STEPS.items()),
        "levels.tsv": _table(("level", "real", "stored"), _levels(file.card)),
        "outputs.tsv": _table(
            ("stored", "score", "probability", "decision"), _outputs(file.card)
        ),
        "crops.tsv": _table(
            ("width", "height", "x", "y", "side", "left", "top", "side_px"), _crops()
        ),
        "answers.tsv": _table(("answers", "stored"), _told(file.card)),
        "pictures.tsv": _table(
            (
                "name",
                "suffix",
                "levels",
                "width",
                "height",
                "answers",
                "stored_answers",
                "stored",
                "score",
                "probability",
                "decision",
                "findings",
                "verdict",
            ),
            (_row(file.card, picture) for picture in pictures),
        ),
    }
    for each in pictures:
        files |= {
            f"{each.name}{each.suffix}": each.encoded,
            f"{each.name}.rgb": each.rgb.tobytes(),
            f"{each.name}.pixels": each.pixels.tobytes(),
            f"{each.name}.input": _little(each.stored),
        }
    return files


def golden_json(files: Mapping[str, bytes]) -> str:
    """The same as one JSON object, for languages that bundle no folders.

    Tables become lists of rows with all values as text; the rest base64.
    """
    tables = {
        name.removesuffix(".tsv"): _rows(content.decode())
        for name, content in files.items()
        if name.endswith(".tsv")
    }
    binary = {
        name: base64.b64encode(content).decode("ascii")
        for name, content in files.items()
        if not name.endswith(".tsv")
    }
    return json.dumps({**tables, "files": binary}, indent=1) + "\n"


def _golden_pictures(file: ModelFile) -> Iterable[Picture]:
    """Those that travel in the model file."""
    with np.load(io.BytesIO(file.golden), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names = [each.decode("ascii") for each in arrays["names"]]
    spec = file.card.answers
    told = answers_told(spec, len(names)) if spec else [{}] * len(names)
    for place, name in enumerate(names):
        yield Picture(
            name,
            ".png",
            arrays[f"png/{name}"].tobytes(),
            0,
            arrays[f"rgb/{name}"],
            arrays["pixels"][place],
            arrays["input"][place],
            arrays["output"][place],
            told[place],
        )


def _levels(card: ModelCard) -> Iterable[tuple[str, ...]]:
    table = card.input.quantization.store_pixels(card.input.mean, card.input.std)
    for level in range(256):
        real = (level - card.input.mean) / card.input.std
        yield str(level), repr(real), _number(table[level])


def _outputs(card: ModelCard) -> Iterable[tuple[str, ...]]:
    """Every output that integers can hold; of floats those that matter."""
    kind = card.output.quantization
    if kind.is_identity:
        edges = np.array([card.threshold.score, card.uncertainty.low_score], np.float32)
        stored = np.unique(
            np.concatenate(
                (
                    np.linspace(0, 1, _FLOAT_SCORES, dtype=np.float32),
                    edges,
                    np.nextafter(edges, np.float32(0)),
                )
            )
        )
    else:
        limits = np.iinfo(np.dtype(kind.dtype_name))
        stored = np.arange(limits.min, limits.max + 1).astype(kind.dtype)
    for value, score in zip(stored, kind.restore(stored), strict=True):
        if 0 <= score <= 1:
            yield _number(value), *_judged(float(score), card)


def _row(card: ModelCard, picture: Picture) -> tuple[str, ...]:
    height, width = picture.rgb.shape[:2]
    output = picture.output[:1]
    score = float(card.output.quantization.restore(output)[0])
    file = picture.name, picture.suffix, str(picture.levels)
    # Not part of the decision column: an app may leave the quality check out.
    found = picture.findings
    seen = ",".join(each.name for each in found), decision(score, card, found)
    sizes = str(width), str(height)
    told = _in_words(picture.answers), _hex(card, picture.answers)
    return *file, *sizes, *told, _number(output[0]), *_judged(score, card), *seen


def _crops() -> Iterable[tuple[str, ...]]:
    """Squares of photos of even and odd sides, some reaching over the edge."""
    for width, height in ((640, 480), (481, 641), (64, 64), (7, 300), (1, 1)):
        for x, y, side in (
            (0.5, 0.5, 1.0),
            (0.25, 0.7, 0.5),
            (0.0, 1.0, 0.3),
            (0.91, 0.13, 0.77),
            (0.333, 0.667, 0.02),
        ):
            left, top, side_px = Crop(x, y, side).box(width, height)
            numbers = width, height, x, y, side, left, top, side_px
            yield tuple(map(repr, numbers))


def _told(card: ModelCard) -> Iterable[tuple[str, str]]:
    """Every answer to every question, alone; nothing where the model asks nothing."""
    if card.answers is None:
        return
    yield "", _hex(card, {})
    for question in card.answers.questions:
        for answer in question.values or _numbers(question):
            answers = {question.name: answer}
            yield _in_words(answers), _hex(card, answers)


def _numbers(question: Question) -> list[str | float]:
    """Whole steps of a range, at most some hundred, and both ends."""
    step = max(1.0, math.ceil((question.high - question.low) / 128))
    return [*np.arange(question.low, question.high, step).tolist(), question.high]


def _in_words(answers: Mapping[str, str | float]) -> str:
    return ";".join(f"{name}={answer}" for name, answer in answers.items())


def _hex(card: ModelCard, answers: Mapping[str, str | float]) -> str:
    """The stored answers, two digits a byte."""
    return "" if card.answers is None else _little(card.answers.stored(answers)).hex()


def _judged(score: float, card: ModelCard) -> tuple[str, str, str]:
    """Score, probability and decision; photos here are never unusable."""
    probability = calibrated(score, card.temperature)
    return repr(score), repr(probability), decision(score, card, ())


def _number(value: np.generic) -> str:
    return repr(value.item())


def _little(array: NDArray[np.generic]) -> bytes:
    """Least significant byte first, as all targets have it."""
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (heads, *rows)).encode()


def _rows(table: str) -> list[dict[str, str]]:
    heads, *rows = (line.split("\t") for line in table.splitlines())
    return [dict(zip(heads, row, strict=True)) for row in rows]
