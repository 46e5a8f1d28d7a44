"""A .tflite file with everything one needs to use it, checked before it is used.

The FlatBuffer comes first; behind it an appended zip holds ``card.json``,
``labels.txt`` and ``golden.npz``. Any LiteRT opens such a file as it is.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import CardMismatchError, ModelFileError
from edge_runtime.files.atomic import write_bytes
from edge_runtime.model.appended_zip import pack, unpack
from edge_runtime.model.card import ModelCard

# FlatBuffers keep a file identifier at bytes 4..8; schema.fbs of TFLite says "TFL3".
TFLITE_IDENTIFIER = b"TFL3"

LARGEST_MODEL_BYTES = 512 * 2**20
"""More than the largest network of this field in float32 (ResNet-101: 170 MB)."""

LARGEST_MEMBER_BYTES = {
    "card.json": 2**20,
    "labels.txt": 2**16,
    "golden.npz": 32 * 2**20,
}
"""What the appended zip holds, in this order, and the most each member may take."""


@dataclass(frozen=True)
class ModelFile:
    """What one .tflite file holds.

    Attributes:
        path: where it was read from.
        model: the FlatBuffer, for an interpreter.
        card: what the converter vouches for.
        labels: names of the model's outputs; the first means a high score.
        golden: a numpy archive of inputs and the outputs they must give.
    """

    path: Path
    model: bytes
    card: ModelCard
    labels: tuple[str, ...]
    golden: bytes


def read_model_file(path: Path) -> ModelFile:
    """Read a model file and check it to the last bit.

    Raises:
        ModelFileError: when the file is missing, truncated, damaged, no TFLite model,
            or carries no card. The message names the file and says what to do.
        CardMismatchError: when the card belongs to another model.
    """
    content = _content(path)
    if content[4:8] != TFLITE_IDENTIFIER:
        raise ModelFileError(
            f"{path} is not a TFLite model: expected {TFLITE_IDENTIFIER!r} at bytes"
            f" 4..8, got {content[4:8]!r}. Expected a file that convert/to_tflite.py"
            " wrote."
        )
    try:
        start, members = unpack(content, LARGEST_MEMBER_BYTES)
    except ValueError as error:
        raise ModelFileError(
            f"{path} has no readable card at its end: {error}. It is truncated,"
            " damaged, or not from this toolkit; copy it again, or convert it with"
            " convert/to_tflite.py."
        ) from error
    model = content[:start]
    try:
        card = ModelCard.from_json(members["card.json"].decode("utf-8"))
        labels = tuple(members["labels.txt"].decode("utf-8").splitlines())
    except (ModelFileError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path}: {error}") from error
    _check_card(path, model, card, labels)
    return ModelFile(path, model, card, labels, members["golden.npz"])


def write_model_file(
    path: Path, model: bytes, card: ModelCard, labels: tuple[str, ...], golden: bytes
) -> None:
    """Write a model with its card; the same content always gives the same bytes.

    Args:
        path: file to write, whole or not at all.
        model: FlatBuffer without an appended zip.
        card: its ``model_sha256`` is that of ``model``.
        labels: name of each output; the card's first labels.
        golden: a numpy archive.

    Raises:
        ModelFileError: when ``read_model_file`` would refuse the file.
    """
    if model[4:8] != TFLITE_IDENTIFIER:
        raise ModelFileError(f"what should go to {path} is not a TFLite model")
    _check_card(path, model, card, labels)
    members = {
        "card.json": card.to_json().encode("utf-8"),
        "labels.txt": "".join(f"{label}\n" for label in labels).encode("utf-8"),
        "golden.npz": golden,
    }
    for name, content in members.items():
        if len(content) > LARGEST_MEMBER_BYTES[name]:
            raise ModelFileError(
                f"{name} of {path} has {len(content)} bytes;"
                f" at most {LARGEST_MEMBER_BYTES[name]} fit"
            )
    write_bytes(path, model + pack(members, len(model)))


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_MODEL_BYTES:
            raise ModelFileError(
                f"{path} has {size} bytes; a model file has at most"
                f" {LARGEST_MODEL_BYTES}. Is it a .tflite file?"
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"the model {path} cannot be read: {error.strerror}. Expected a .tflite"
            " file, such as those in models/."
        ) from error


def _check_card(
    path: Path, model: bytes, card: ModelCard, labels: tuple[str, ...]
) -> None:
    found = hashlib.sha256(model).hexdigest()
    if found != card.model_sha256:
        raise CardMismatchError(
            f"the model in {path} has SHA-256 {found}, its card says"
            f" {card.model_sha256}. One of the two was damaged or replaced; copy the"
            " file again, or convert the model again."
        )
    if not labels or labels != card.output.labels[: len(labels)]:
        raise CardMismatchError(
            f"the labels in {path} are {labels}, its card says {card.output.labels}."
            " One of the two was replaced; convert the model again."
        )
