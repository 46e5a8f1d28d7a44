"""Whether a model file does here what its golden vectors say, step by step.

``convert/cards/golden.py`` makes the vectors and describes what they hold. Any machine
can repeat them: a device before it trusts a new file, a converter after it wrote one.
"""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import ModelFileError, PhotoError
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import ModelFile
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess

Infer = Callable[..., NDArray[Any]]
"""Stored input ``(1, size, size, 3)``, and answers ``(1, slots)`` where there are
any, to stored output ``(outputs,)``."""

MOST_STEPS_ACROSS_FAMILIES = 7
"""By which int8 outputs of XNNPACK and of the builtin kernels differed at worst."""

FLOAT_TOLERANCE = 1e-5
"""Between machines: float kernels add in an order that depends on the CPU's width."""


@dataclass(frozen=True)
class Difference:
    """One step that did not give what the golden vectors say.

    Attributes:
        picture: name of the picture.
        step: ``"decode"``, ``"preprocess"``, ``"store"``, ``"invoke"`` or
            ``"probability"``; each starts from the golden result of the one before.
        largest: absolute difference, in the unit of the step's result; infinite where
            the shapes differ.
        allowed: how much was.
    """

    picture: str
    step: str
    largest: float
    allowed: float

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.picture}: {self.step} differs by {self.largest:g},"
            f" allowed {self.allowed:g}"
        )


def check_golden(file: ModelFile) -> tuple[Difference, ...]:
    """Repeat a model file's golden vectors here; nothing is returned if all agree.

    Within a kernel family integers must agree exactly; across, within
    ``MOST_STEPS_ACROSS_FAMILIES``.

    Raises:
        ModelFileError: when the vectors cannot be read.
        CardMismatchError: when the model's tensors are not those of its card.
        InterpreterMissingError: when no interpreter is installed.
    """
    model = open_model_file(file)
    same_family = model.kernel_family == file.card.provenance.kernel_family
    return golden_differences(
        file.golden,
        model.infer,
        file.card,
        allowed_steps=0 if same_family else MOST_STEPS_ACROSS_FAMILIES,
    )


def golden_differences(
    golden: bytes, infer: Infer, card: ModelCard, *, allowed_steps: int = 0
) -> tuple[Difference, ...]:
    """Repeat every step from the golden result of the step before.

    Args:
        golden: made by ``convert/cards/golden.py``.
        infer: runs the model.
        card: of the model.
        allowed_steps: by which a stored integer output may differ.

    Raises:
        ModelFileError: when ``golden`` is not such an archive.
    """
    if card.output.quantization.is_identity:
        allowed = {"invoke": FLOAT_TOLERANCE, "probability": FLOAT_TOLERANCE}
    else:
        # exp and log of two libraries may differ in the last digits.
        allowed = {"invoke": float(allowed_steps), "probability": 1e-9}
    try:
        arrays = _unpacked(golden)
        found = [
            Difference(picture, step, _largest(expected, got), allowed.get(step, 0))
            for picture, step, expected, got in _steps(arrays, infer, card)
        ]
    except (LookupError, ValueError, TypeError, AttributeError, PhotoError) as error:
        raise ModelFileError(
            f"the golden vectors cannot be read: {error}. Convert the model again."
        ) from error
    return tuple(each for each in found if not each.largest <= each.allowed)


def stored_pixels(pixels: NDArray[np.uint8], card: ModelCard) -> NDArray[Any]:
    """The model's input for prepared pixels."""
    table = card.input.quantization.store_pixels(card.input.mean, card.input.std)
    stored: NDArray[Any] = table[pixels]
    return stored


def probability(output: NDArray[Any], card: ModelCard) -> float:
    """Calibrated probability of malignancy for the model's stored outputs."""
    score = float(card.output.quantization.restore(output)[0])
    return calibrated(score, card.temperature)


def _steps(
    arrays: Mapping[str, NDArray[Any]], infer: Infer, card: ModelCard
) -> Iterator[tuple[str, str, NDArray[Any], NDArray[Any]]]:
    """Each picture's steps: its name, the step's, the golden result and ours."""
    for number, name in enumerate(each.decode() for each in arrays["names"]):
        image, pixels = arrays[f"rgb/{name}"], arrays["pixels"][number]
        stored, output = arrays["input"][number], arrays["output"][number]
        decoded = read_photo(arrays[f"png/{name}"].tobytes())
        yield name, "decode", image, decoded
        yield name, "preprocess", pixels, preprocess(image, card.input.size_px)
        yield name, "store", stored, stored_pixels(pixels, card)
        told = arrays["answers"][number : number + 1] if "answers" in arrays else None
        given = (stored[np.newaxis],) if told is None else (stored[np.newaxis], told)
        yield name, "invoke", output, infer(*given)
        found = np.array(probability(output, card))
        yield name, "probability", arrays["probability"][number], found


def _largest(expected: NDArray[Any], got: NDArray[Any]) -> float:
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return np.inf
    return float(np.abs(np.float64(expected) - np.float64(got)).max())


def _unpacked(golden: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(golden)) as stored:
            # numpy reads no further than the array and so leaves checksums unchecked.
            if damaged := stored.testzip():
                raise ValueError(f"{damaged} is damaged")
        with np.load(io.BytesIO(golden), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    # Damaged headers make zipfile and numpy fail in any way: TokenError,
    # NotImplementedError, struct.error, zlib.error, EOFError, MemoryError.
    except Exception as error:
        raise ValueError(str(error)) from error
