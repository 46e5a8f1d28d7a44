"""Photos that every kit carries beside the pictures of the model file.

Golden pictures inside a model file are small, and few models say "monitor" about one
of them. A kit has room for two more, as phones write them: JPEG files, one that lies on
its side and one that is larger. They are drawn; of many drawings in several lights,
each model gets the first about which it says "monitor" and the first about which it
says "investigate".
"""

import functools
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convert.cards.golden import answers_told
from edge_runtime.model.file import ModelFile
from edge_runtime.model.golden import stored_pixels
from edge_runtime.model.interpreter import TfliteModel, open_model_file
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess
from edge_runtime.photos.quality import Finding, photo_findings
from edge_runtime.verdict import INVESTIGATE, MONITOR, decision
from training.synthetic.lesions import draw_lesion

TURNED = "turned_photo"
LARGE = "large_photo"

JPEG_LEVELS = 4
"""By which decoders of JPEG may differ: two of them agree within a level or two where
no colour is stored at half the resolution, as here. A photo that was not turned, or was
changed by a colour profile, is off by dozens."""

_DRAWN_PX = 160
_SEEDS = range(12)
_ORIENTATION = 274
_TURNED_BY_A_QUARTER = 6
_EXIF = Image.Exif()
_EXIF[_ORIENTATION] = _TURNED_BY_A_QUARTER

# How much a lesion stands out from the skin, and what multiplies red, green and blue.
# Plain drawings look malignant to most networks; pale ones in a bright, cool light do
# not.
_PLAIN = (1.0, (1.0, 1.0, 1.0))
_LIGHTS = (
    _PLAIN,
    *((contrast, (1.08, 0.97, 1.15)) for contrast in (0.75, 0.6, 0.5, 0.42)),
    *((contrast, (1.02, 0.92, 1.06)) for contrast in (0.75, 0.6, 0.5)),
)


@dataclass(frozen=True)
class Picture:
    """One picture and what becomes of it on the way to the model's output.

    Attributes:
        name: without a suffix.
        suffix: of its file, such as ``".jpg"``.
        encoded: the file.
        levels: by which a decoded pixel may differ from ``rgb``.
        rgb: decoded, upright; shape ``(height, width, 3)``; uint8.
        pixels: what the model looks at; shape ``(size, size, 3)``; uint8.
        stored: the model's input; shape ``(size, size, 3)``.
        output: the model's outputs, stored; shape ``(outputs,)``.
        answers: told beside the photo; those left out are unknown.
    """

    name: str
    suffix: str
    encoded: bytes
    levels: int
    rgb: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    stored: NDArray[Any]
    output: NDArray[Any]
    answers: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What Python's look at the photo finds."""
        return photo_findings(self.rgb, self.pixels)


def kit_photos(file: ModelFile) -> tuple[Picture, Picture]:
    """The turned photo and the larger one for a model, and its answers to them.

    Where the model says "monitor" or "investigate" about no drawing, the photo with its
    lowest or highest score stands in.
    """
    model = open_model_file(file)
    return (
        _first(file, model, TURNED, MONITOR),
        _first(file, model, LARGE, INVESTIGATE),
    )


def _first(file: ModelFile, model: TfliteModel, name: str, wanted: str) -> Picture:
    tried: list[tuple[float, Picture]] = []
    for jpeg in _jpegs(name):
        photo = _picture(file, model, name, jpeg, read_photo(jpeg))
        score = _score(file, photo)
        if decision(score, file.card, photo.findings) == wanted and _is_python_s(
            file, model, photo, wanted
        ):
            return photo
        tried.append((score, photo))
    best = min if wanted == MONITOR else max
    return best(tried, key=lambda each: each[0])[1]


def _is_python_s(
    file: ModelFile, model: TfliteModel, photo: Picture, wanted: str
) -> bool:
    """Whether Python says the same where it decodes the file at reduced scale."""
    rgb = read_photo(photo.encoded, for_size_px=file.card.input.size_px)
    again = _picture(file, model, photo.name, photo.encoded, rgb)
    return decision(_score(file, again), file.card, again.findings) == wanted


def _picture(
    file: ModelFile, model: TfliteModel, name: str, jpeg: bytes, rgb: NDArray[np.uint8]
) -> Picture:
    pixels = preprocess(rgb, file.card.input.size_px)
    stored = stored_pixels(pixels, file.card)
    spec, answers = file.card.answers, _told(file, name)
    told = spec.stored(answers) if spec else None
    output = model.infer(stored[np.newaxis], told)
    return Picture(
        name, ".jpg", jpeg, JPEG_LEVELS, rgb, pixels, stored, output, answers
    )


def _told(file: ModelFile, name: str) -> Mapping[str, str | float]:
    """Of the larger photo every question is answered, of the turned one none."""
    if file.card.answers is None or name == TURNED:
        return {}
    return answers_told(file.card.answers, 3)[-1]


def _score(file: ModelFile, photo: Picture) -> float:
    return float(file.card.output.quantization.restore(photo.output[:1])[0])


def _jpegs(name: str) -> Iterator[bytes]:
    for contrast, light in _LIGHTS:
        for seed in _SEEDS:
            yield _jpeg(name, seed, contrast, light)


@functools.cache
def _jpeg(
    name: str, seed: int, contrast: float, light: tuple[float, float, float]
) -> bytes:
    turned = name == TURNED
    lit = Image.fromarray(_lit(_drawn(seed, irregular=not turned), contrast, light))
    file = io.BytesIO()
    if turned:
        # Of 180 x 240 pixels once it stands upright.
        upright = lit.resize((240, 240), Image.Resampling.BICUBIC).crop(
            (30, 0, 210, 240)
        )
        lying = upright.transpose(Image.Transpose.ROTATE_90)
        lying.save(file, "JPEG", quality=90, subsampling=0, exif=_EXIF)
    else:
        large = lit.resize((640, 640), Image.Resampling.BICUBIC).crop((0, 80, 640, 560))
        large.save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()


@functools.cache
def _drawn(seed: int, *, irregular: bool) -> NDArray[np.uint8]:
    return draw_lesion(
        seed, size_px=_DRAWN_PX, skin_tone=1 + seed % 2, malignant_like=irregular
    )


def _lit(
    drawn: NDArray[np.uint8], contrast: float, light: tuple[float, float, float]
) -> NDArray[np.uint8]:
    skin = np.median(drawn[: _DRAWN_PX // 10].reshape(-1, 3), axis=0)
    real = (skin + (drawn - skin) * contrast) * np.array(light)
    return np.asarray(np.rint(real).clip(0, 255), np.uint8)
