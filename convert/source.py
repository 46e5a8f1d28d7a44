"""The trained Keras model that a conversion starts from."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from convert.errors import ConversionError


@dataclass(frozen=True)
class Source:
    """A Keras model and what is known of it.

    Attributes:
        model: from pixels / 255 to the probability of malignancy, ``(n, 1)``.
        network: its name.
        size_px: side of its square input.
        sha256: of the file.
        training: the ``training.json`` beside it; empty where there is none.
    """

    model: keras.Model
    network: str
    size_px: int
    sha256: str
    training: Mapping[str, Any]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Options of the training run, by name."""
        settings: Mapping[str, Any] = self.training.get("settings", {})
        return settings


def read_source(path: Path) -> Source:
    """Read a ``.keras`` file and the training record beside it.

    Raises:
        ConversionError: when the file is no Keras 3 model from one square RGB picture
            to one probability.
    """
    content = _content(path)
    try:
        model = keras.models.load_model(path, compile=False)
    # A damaged archive can fail in any of Keras' own ways.
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ConversionError(
            f"{path} is not a Keras 3 model that can be read: {error}"
        ) from error
    shape, outputs = model.input_shape, model.output_shape
    if not (isinstance(shape, tuple) and len(shape) == 4 and shape[3] == 3):
        raise ConversionError(
            f"{path} takes {shape}; expected RGB pictures, (None, size, size, 3)"
        )
    if shape[1] is None or shape[1] != shape[2]:
        raise ConversionError(f"{path} takes {shape}; expected squares of a fixed size")
    if outputs not in [(None, 1)]:
        raise ConversionError(
            f"{path} gives {outputs}; expected one probability, (None, 1)"
        )
    training = _training_record(path.with_name("training.json"))
    return Source(
        model=model,
        network=str(training.get("network", model.name)),
        size_px=int(shape[1]),
        sha256=hashlib.sha256(content).hexdigest(),
        training=training,
    )


def _content(path: Path) -> bytes:
    if path.suffix != ".keras":
        raise ConversionError(
            f"{path} does not end in .keras; expected a model saved by Keras 3,"
            " such as runs/cnn64/model.keras"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConversionError(
            f"the model {path} cannot be read: {error.strerror}"
        ) from error


def _training_record(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionError(f"{path} is not a training record: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("settings", {}), dict):
        raise ConversionError(
            f"{path} is not a training record: expected an object with settings"
        )
    return record
