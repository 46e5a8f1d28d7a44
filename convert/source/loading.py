"""Trained models of every file format, as something that can be called.

Which Keras wrote a file stands in it: ``metadata.json`` of a ``.keras``, an attribute
of an ``.h5``. Keras 3 and tf_keras (Keras 2) each read their own.
"""

import hashlib
import importlib
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import tensorflow as tf
import tf_keras

from convert.errors import ConversionError

_EXPECTED = "expected a .keras or .h5 file of Keras, or the folder of a SavedModel"


class SavedModel:
    """A SavedModel: a function without layers that could be looked into.

    Attributes:
        name: of its folder.
        input_shape: with the batch axis.
        output_shape: with the batch axis.
    """

    def __init__(self, path: Path) -> None:
        """Read the folder; takes the signature ``serving_default``."""
        self.loaded = tf.saved_model.load(str(path))
        signatures = self.loaded.signatures
        if "serving_default" not in signatures:
            raise ConversionError(
                f"{path} has the signatures {sorted(signatures)}; expected"
                " serving_default. Save it with model.export(folder)."
            )
        self._function = signatures["serving_default"]
        given = list(self._function.structured_input_signature[1].values())
        gained = list(self._function.structured_outputs.values())
        if len(given) != 1 or len(gained) != 1:
            raise ConversionError(
                f"{path} has {len(given)} inputs and {len(gained)} outputs; expected"
                " one picture and one output"
            )
        self._word = next(iter(self._function.structured_input_signature[1]))
        self.name = path.name
        self.input_shape = tuple(given[0].shape)
        self.output_shape = tuple(gained[0].shape)

    def __call__(self, pixels: Any, training: bool = False) -> Any:
        """Run the signature; ``training`` is there as Keras' models have it."""
        del training
        (output,) = self._function(**{self._word: pixels}).values()
        return output

    def count_params(self) -> int:
        """How many numbers its variables hold."""
        variables = self._function.variables
        return int(sum(variable.shape.num_elements() for variable in variables))


def load_model(path: Path, custom_objects: Mapping[str, Any]) -> Any:
    """Read a model of any format.

    Raises:
        ConversionError: when the file is missing, damaged, or of no known format.
    """
    if not path.exists():
        raise ConversionError(f"the model {path} cannot be read: there is no such file")
    try:
        if path.is_dir():
            return _saved_model(path)
        read = _reader(path)
        return read(path, custom_objects=dict(custom_objects), compile=False)
    except ConversionError:
        raise
    except PermissionError as error:
        raise ConversionError(
            f"the model {path} cannot be read: {error.strerror}"
        ) from error
    # A damaged archive can fail in any of Keras' own ways.
    except Exception as error:
        raise ConversionError(
            f"{path} is not a model that can be read: {error}{_advice(str(error))}"
        ) from error


def build_model(builder: str, weights: Path) -> Any:
    """Call ``package.module:function`` and load the weights into what it gives.

    Raises:
        ConversionError: when either fails.
    """
    function = imported(builder, "--builder")
    if not weights.exists() and not weights.with_name(f"{weights.name}.index").exists():
        raise ConversionError(f"the weights {weights} cannot be read: no such file")
    try:
        model = function()
        model.load_weights(str(weights))
    # The user's code may fail in any way.
    except Exception as error:
        raise ConversionError(
            f"--builder {builder} with --weights {weights} failed: {error}"
        ) from error
    return model


def imported(reference: str, option: str) -> Any:
    """What ``package.module:name`` stands for, seen from the current folder.

    Raises:
        ConversionError: when there is no such thing.
    """
    module, _, name = reference.partition(":")
    if not module or not name:
        raise ConversionError(
            f"{option} {reference} should read package.module:name, such as"
            " my_models.nets:build"
        )
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.append(folder)
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConversionError(
            f"{option} {reference} cannot be imported: {error}. It is looked for from"
            f" {folder} and among the installed packages."
        ) from error


def custom_objects(references: Sequence[str]) -> dict[str, Any]:
    """The user's own classes by the name that a model file calls them."""
    found = [imported(reference, "--custom-object") for reference in references]
    return {value.__name__: value for value in found}


def sha256_of(path: Path) -> str:
    """Of a file, or of a folder's files in the order of their names."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(path.parent.glob(f"{path.name}*/**/*")):
        if file.is_file():
            digest.update(file.relative_to(path.parent).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def training_record(path: Path) -> Mapping[str, Any]:
    """What ``training.json`` beside a model says; nothing where there is none.

    Raises:
        ConversionError: when it is something else.
    """
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


def _saved_model(path: Path) -> SavedModel:
    if not (path / "saved_model.pb").exists():
        raise ConversionError(f"{path} is a folder without saved_model.pb; {_EXPECTED}")
    return SavedModel(path)


def _reader(path: Path) -> Any:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            written = json.loads(archive.read("metadata.json"))["keras_version"]
    elif path.suffix in (".h5", ".hdf5"):
        with h5py.File(path) as file:
            if "model_config" not in file.attrs:
                raise ConversionError(
                    f"{path} holds weights only. Give the code that builds the model:"
                    f" --builder package.module:function --weights {path}"
                )
            written = file.attrs.get("keras_version", "2")
    else:
        raise ConversionError(f"{path} is of no known format; {_EXPECTED}")
    if str(written).startswith("3"):
        return keras.models.load_model
    return tf_keras.models.load_model


def _advice(reason: str) -> str:
    if "Unknown layer" in reason or "Could not locate class" in reason:
        return ". Name its class: --custom-object package.module:Class"
    if "lambda" in reason.lower():
        return (
            ". A Lambda can run any code, so none is loaded; make it a layer and name"
            " it: --custom-object package.module:Class"
        )
    return ""
