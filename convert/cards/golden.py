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
``answers``        (n, slots)                 as stored in the model's other input,
                                              where it takes answers: first unknown,
                                              then one after the other of those allowed
``output``         (n, outputs)               as stored in the model's output
``probability``    (n,) float64               of malignancy, calibrated
=================  =========================  =======================================
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.model.answers import AnswersSpec, Question
from edge_runtime.model.card import ModelCard
from edge_runtime.model.golden import Infer, probability, stored_pixels
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import preprocess

_EPOCH = (1980, 1, 1, 0, 0, 0)


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
    stored = [stored_pixels(each, card) for each in pixels]
    told = (
        [card.answers.stored(each) for each in answers_told(card.answers, len(pngs))]
        if card.answers
        else []
    )
    outputs = [
        infer(each[np.newaxis], *told[number : number + 1])
        for number, each in enumerate(stored)
    ]
    arrays: dict[str, NDArray[Any]] = {
        "names": np.array([name.encode("ascii") for name in pngs]),
        "pixels": np.stack(pixels),
        "input": np.stack(stored),
        "output": np.stack(outputs),
        "probability": np.array([probability(each, card) for each in outputs]),
    }
    if told:
        arrays["answers"] = np.concatenate(told)
    for name, png in pngs.items():
        arrays[f"png/{name}"] = np.frombuffer(png, np.uint8)
        arrays[f"rgb/{name}"] = images[name]
    return _packed(arrays)


def answers_told(spec: AnswersSpec, count: int) -> list[dict[str, str | float]]:
    """Answers for ``count`` pictures: none, then each question's in turn."""

    def answer(question: Question, turn: int) -> str | float:
        if question.values:
            return question.values[(turn - 1) % len(question.values)]
        return question.low + (question.high - question.low) * turn / count

    return [
        {each.name: answer(each, turn) for each in spec.questions} if turn else {}
        for turn in range(count)
    ]


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
