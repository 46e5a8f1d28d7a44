"""Model files of other precisions, read as float32.

A network trained under ``mixed_float16`` keeps float32 weights and computes in half
precision; TensorFlow Lite has its own recipes for that. So whatever policy a file
names, its layers are built for float32 and given its weights, and that is the model
which a conversion is compared with. Weights of ``model.quantize("int8")`` become the
numbers that they stand for.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

_PRECISIONS = (
    "bfloat16", "float16", "float64", "mixed_bfloat16", "mixed_float16",
)  # fmt: skip
_POLICIES = ("DTypePolicy", "Policy", "PolicyV1", "QuantizedDTypePolicy")


@contextmanager
def as_float32(path: Path, config: Any) -> Iterator[Path]:
    """A file of the same model in float32: ``path`` itself where that is one already.

    Args:
        path: of a ``.keras`` or ``.h5`` file; stays as it is.
        config: that the file keeps, see ``code_in_models.config_of``.
    """
    changed = _in_float32(config)
    if changed == config:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        if h5py.is_hdf5(path):
            shutil.copyfile(path, copy)
            with h5py.File(copy, "r+") as file:
                file.attrs["model_config"] = json.dumps(changed).encode()
        else:
            _rewrite(path, copy, changed)
        yield copy


def precisions_in(config: Any) -> tuple[str, ...]:
    """Names of other precisions than float32 in a config, each once."""
    return tuple(dict.fromkeys(_found(config)))


def _rewrite(path: Path, copy: Path, config: Any) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            if name == "config.json":
                new.writestr(name, json.dumps(config))
            elif name.endswith(".weights.h5"):
                weights = copy.with_name("weights.h5")
                with old.open(name) as source, weights.open("wb") as target:
                    shutil.copyfileobj(source, target)
                with h5py.File(weights, "r+") as file:
                    _dequantise(file)
                new.write(weights, name)
            else:
                new.writestr(name, old.read(name))


def _dequantise(group: Any) -> None:
    """Weights of Keras' int8 layers as floats: kernel / scale, in the same place.

    ``Dense``, ``EinsumDense`` and ``Embedding`` keep an int8 kernel and, as the last
    variable, its scale; an output is divided by it
    (``keras.quantizers.abs_max_quantize``).
    """
    for each in list(group.values()):
        if isinstance(each, h5py.Group):
            _dequantise(each)
    if not group.name.endswith("vars"):
        return
    arrays = {name: np.asarray(value) for name, value in group.items()}
    places = sorted(arrays, key=int)
    if not places or arrays[places[0]].dtype != np.int8:
        return
    kernel, scale = arrays[places[0]], arrays[places[-1]]
    del group[places[0]], group[places[-1]]
    group[places[0]] = _real(kernel, scale)


def _real(kernel: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Kernel / scale, where the scale has one number for each output channel."""
    real: NDArray[np.float32] = kernel.astype(np.float32) / scale.reshape(
        scale.shape if scale.ndim == kernel.ndim else (-1,)
    )
    return real


def _in_float32(config: Any) -> Any:
    if isinstance(config, list):
        return [_in_float32(each) for each in config]
    if not isinstance(config, dict):
        return config
    return {
        name: "float32"
        if name in ("dtype", "dtype_policy") and _precision(value) is not None
        else _in_float32(value)
        for name, value in config.items()
        if not (name == "quantization_config" and value is not None)
    }


def _found(config: Any) -> Iterator[str]:
    if isinstance(config, list):
        for each in config:
            yield from _found(each)
    if isinstance(config, dict):
        for name, value in config.items():
            if name in ("dtype", "dtype_policy") and (word := _precision(value)):
                yield word
            else:
                yield from _found(value)


def _precision(value: Any) -> str | None:
    """The precision that a layer's ``dtype`` names, where it is not float32."""
    if isinstance(value, str):
        return value if value in _PRECISIONS else None
    if not isinstance(value, Mapping) or value.get("class_name") not in _POLICIES:
        if isinstance(value, Mapping) and value.get("class_name") == "DTypePolicyMap":
            return "float32"
        return None
    options = value.get("config") or {}
    name = str(options.get("name") or options.get("source_name") or "")
    if value["class_name"] == "QuantizedDTypePolicy":
        return f"{options.get('mode', 'int8')} of model.quantize"
    return name if name in _PRECISIONS else None
