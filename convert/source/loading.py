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
from convert.messages import in_short
from convert.source.code_in_models import config_of, refuse_code
from convert.source.float32_config import as_float32
from convert.source.optimised import known_wrappers, unwrapped, wrappers_in
from convert.source.saved_model_file import loaded
from convert.source.saved_model_layers import layers_in

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
        self.loaded = loaded(path)
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
        self._dtype = given[0].dtype
        self._word = next(iter(self._function.structured_input_signature[1]))
        self.name = path.name
        self.input_shape = tuple(given[0].shape)
        self.output_shape = tuple(gained[0].shape)

    def __call__(self, pixels: Any, training: bool = False) -> Any:
        """Run the signature; ``training`` is there as Keras' models have it."""
        del training
        if self._dtype.is_integer:
            pixels = tf.round(pixels)
        given = {self._word: tf.cast(pixels, self._dtype)}
        (output,) = self._function(**given).values()
        return output

    def count_params(self) -> int:
        """How many numbers its variables hold."""
        variables = self._function.variables
        return int(sum(variable.shape.num_elements() for variable in variables))


def load_model(
    path: Path, custom_objects: Mapping[str, Any], *, trust_code: bool = False
) -> Any:
    """Read a model of any format.

    Args:
        path: of the file, or of a SavedModel's folder.
        custom_objects: the user's own classes by name.
        trust_code: whether code inside the file may run.

    Raises:
        ConversionError: when the file is missing, damaged, or of no known format.
    """
    if not path.exists():
        raise ConversionError(f"the model {path} cannot be read: there is no such file")
    try:
        if path.is_dir():
            return _saved_model(path, custom_objects, trust_code)
        framework = _framework(path)
        if not trust_code:
            refuse_code(path, custom_objects)
        objects = dict(custom_objects)
        if framework is keras and h5py.is_hdf5(path):
            # Keras 3 writes its operations into .h5 files, and then knows none of them.
            objects = {**_operations(), **objects}
        config = config_of(path)
        wrappers = wrappers_in(config)
        with as_float32(path, config) as file, known_wrappers(wrappers):
            model = framework.models.load_model(
                file, custom_objects=objects, compile=False, safe_mode=not trust_code
            )
        return unwrapped(model, wrappers)
    except ConversionError:
        raise
    except PermissionError as error:
        raise ConversionError(
            f"the model {path} cannot be read: {error.strerror}"
        ) from error
    # A damaged archive can fail in any of Keras' own ways.
    except Exception as error:
        raise ConversionError(
            f"{path} is not a model that can be read: {in_short(str(error))}"
            f"{_advice(str(error))}"
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
            f"--builder {builder} with --weights {weights} failed:"
            f" {in_short(str(error))}"
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


def _saved_model(
    path: Path, custom_objects: Mapping[str, Any], trust_code: bool
) -> Any:
    """The layers that Keras 2 tells of, or the function of the whole."""
    if not (path / "saved_model.pb").exists():
        raise ConversionError(f"{path} is a folder without saved_model.pb; {_EXPECTED}")
    if not trust_code:
        refuse_code(path)
    whole = SavedModel(path)
    layers = layers_in(path, whole, custom_objects, trust_code=trust_code)
    return whole if layers is None else layers


def _framework(path: Path) -> Any:
    """Keras 3 or tf_keras, whichever wrote the file."""
    if path.suffix not in (".keras", ".h5", ".hdf5"):
        raise ConversionError(f"{path} is of no known format; {_EXPECTED}")
    # TensorFlow 2.8 wrote HDF5 under the name .keras too.
    if not h5py.is_hdf5(path):
        with zipfile.ZipFile(path) as archive:
            written = json.loads(archive.read("metadata.json"))["keras_version"]
    else:
        with h5py.File(path) as file:
            if "model_config" not in file.attrs:
                raise ConversionError(
                    f"{path} holds weights only. Give the code that builds the model:"
                    f" --builder package.module:function --weights {path}"
                )
            written = file.attrs.get("keras_version", "2")
    return keras if str(written).startswith("3") else tf_keras


def _operations() -> dict[str, Any]:
    """Keras 3's operations, such as ``TrueDivide``, by the name of their class."""
    return {
        name: value
        for module in ("core", "image", "linalg", "math", "nn", "numpy")
        for name, value in vars(
            importlib.import_module(f"keras.src.ops.{module}")
        ).items()
        if isinstance(value, type) and issubclass(value, keras.Operation)
    }


def _advice(reason: str) -> str:
    if "Unknown layer" in reason or "Could not locate class" in reason:
        return ". Name its class: --custom-object package.module:Class"
    if "Weight count mismatch" in reason:
        return ". Save it once more, as a .keras file: model.save('model.keras')"
    return ""
