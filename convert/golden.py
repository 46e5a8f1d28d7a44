"""Golden vectors: what every step on the way to a probability must give.

They travel in the model file, so a port to another language can find the step at which
it differs. They start from PNG: any decoder gives the same pixels for it, while JPEG
decoders differ. ``golden.npz`` holds, for n pictures:

=================  =========================  =======================================
``names``          (n,) bytes                 of the pictures, in order
``png/NAME``       (bytes,) uint8             the file
``rgb/NAME``       (height, width, 3) uint8   decoded
``pixels``         (n, size, size, 3) uint8   centre square, resized
``input``          (n, size, size, 3)         as stored in the model's input
``output``         (n, outputs)               as stored in the model's output
``probability``    (n,) float64               of malignancy, calibrated
=================  =========================  =======================================
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from edge_runtime.calibration import calibrated
from edge_runtime.card import ModelCard
from edge_runtime.interpreter import open_model_file
from edge_runtime.model_file import ModelFile
from edge_runtime.photo import read_photo
from edge_runtime.preprocessing import preprocess

Infer = Callable[[NDArray[Any]], NDArray[Any]]
"""Stored input ``(1, size, size, 3)`` to stored output ``(outputs,)``."""

MOST_STEPS_ACROSS_FAMILIES = 7
"""By which int8 outputs of XNNPACK and of the builtin kernels differed at worst."""

FLOAT_TOLERANCE = 1e-5
"""Between machines: float kernels add in an order that depends on the CPU's width."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


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


def golden_npz(pngs: Mapping[str, bytes], infer: Infer, card: ModelCard) -> bytes:
    """Walk each picture through every step and keep all results.

    Args:
        pngs: PNG files by name; names in ASCII.
        infer: runs the model.
        card: of the model; its input, output and temperature are used.

    Returns:
        A compressed numpy archive; the same arguments give the same bytes.
    """
    images = {name: read_photo(png) for name, png in pngs.items()}
    pixels = [preprocess(image, card.input.size_px) for image in images.values()]
    stored = [_stored(each, card) for each in pixels]
    outputs = [infer(each[np.newaxis]) for each in stored]
    arrays: dict[str, NDArray[Any]] = {
        "names": np.array([name.encode("ascii") for name in pngs]),
        "pixels": np.stack(pixels),
        "input": np.stack(stored),
        "output": np.stack(outputs),
        "probability": np.array([_probability(each, card) for each in outputs]),
    }
    for name, png in pngs.items():
        arrays[f"png/{name}"] = np.frombuffer(png, np.uint8)
        arrays[f"rgb/{name}"] = images[name]
    return _packed(arrays)


def check_golden(file: ModelFile) -> tuple[Difference, ...]:
    """Repeat a model file's golden vectors here; nothing is returned if all agree.

    Within a kernel family integers must agree exactly; across, within
    ``MOST_STEPS_ACROSS_FAMILIES``.

    Raises:
        ConversionError: when the vectors cannot be read.
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
        golden: made by ``golden_npz``.
        infer: runs the model.
        card: of the model.
        allowed_steps: by which a stored integer output may differ.

    Raises:
        ConversionError: when ``golden`` is not such an archive.
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
    except (KeyError, IndexError, ValueError) as error:
        raise ConversionError(
            f"the golden vectors cannot be read: {error}. Convert the model again."
        ) from error
    return tuple(each for each in found if not each.largest <= each.allowed)


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
        yield name, "store", stored, _stored(pixels, card)
        yield name, "invoke", output, infer(stored[np.newaxis])
        probability = np.array(_probability(output, card))
        yield name, "probability", arrays["probability"][number], probability


def _stored(pixels: NDArray[np.uint8], card: ModelCard) -> NDArray[Any]:
    table = card.input.quantization.store_pixels(card.input.mean, card.input.std)
    stored: NDArray[Any] = table[pixels]
    return stored


def _probability(output: NDArray[Any], card: ModelCard) -> float:
    score = float(card.output.quantization.restore(output)[0])
    return calibrated(score, card.temperature)


def _largest(expected: NDArray[Any], got: NDArray[Any]) -> float:
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return np.inf
    return float(np.abs(np.float64(expected) - np.float64(got)).max())


def _packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Like ``np.savez_compressed``, which would store the time of writing."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.ascontiguousarray(array), allow_pickle=False
            )
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.create_system = 3  # Unix, wherever this runs
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue(), compresslevel=9)
    return file.getvalue()


def _unpacked(golden: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(golden), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise ValueError(str(error)) from error
