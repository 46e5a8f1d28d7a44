"""Code that a model file would run on this machine, found before any of it is loaded.

Models come from strangers. A ``Lambda`` layer carries Python bytecode, a config may
name any module to import, and a SavedModel may hold operations that read and write
files. None of that is loaded unless the user says that the file is trusted.
"""

import json
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
from tensorflow.core.protobuf import saved_model_pb2  # has no public name

from convert.errors import ConversionError

# Where Keras' own layers, activations and the like come from, and packages built on it.
_MODULES = (
    "keras", "tf_keras", "tensorflow_model_optimization", "keras_hub", "keras_cv",
    "keras_nlp",
)  # fmt: skip
# Of those, what loads files or changes how files are loaded.
_NEVER = ("utils", "saving", "config", "export", "datasets", "callbacks", "trainers")
_VALUES = ("dict", "function", "list", "set", "slice", "tuple", "type")
# TensorFlow's functions that a functional model of Keras 2 has no use for.
_FUNCTIONS = (
    "io.", "raw_ops.", "saved_model.", "train.", "summary.", "data.", "config.",
    "sysconfig.", "load_", "py_function", "numpy_function", "distribute.", "queue.",
    "__internal__.", "compat.v1.",
)  # fmt: skip
_OPERATIONS = (
    "EagerPyFunc", "ImmutableConst", "LoadDataset", "MatchingFiles", "PyFunc",
    "PyFuncStateless", "ReadFile", "SaveDataset", "WholeFileReaderV2", "WriteFile",
)  # fmt: skip


def refuse_code(path: Path, own: Collection[str] = ()) -> None:
    """Stop before a model file with code in it is loaded.

    Args:
        path: of a ``.keras`` or ``.h5`` file, or a SavedModel's folder.
        own: names of the classes that the user gives for it.

    Raises:
        ConversionError: naming what it would run.
    """
    found = tuple(dict.fromkeys(_code_in(path, own)))
    if not found:
        return
    raise ConversionError(
        f"{path} would run code of its own: {', '.join(found)}. Models come from"
        " strangers, so none is run. A layer of your own can be named instead:"
        " --custom-object package.module:Class; if you trust whoever made the file,"
        " give --trust-code"
    )


def config_of(path: Path) -> Any:
    """The config that a ``.keras`` or ``.h5`` file keeps; None where it has none."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    with h5py.File(path) as file:
        return json.loads(file.attrs.get("model_config", "null"))


def code_in_config(config: Any, own: Collection[str]) -> tuple[str, ...]:
    """What a config would run; see ``refuse_code``."""
    return tuple(dict.fromkeys(_code_in_config(config, own)))


def _code_in(path: Path, own: Collection[str]) -> Iterator[str]:
    if path.is_dir():
        yield from _operations_in(path)
        return
    yield from _code_in_config(config_of(path), own)


def _operations_in(folder: Path) -> Iterator[str]:
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    for graph in saved.meta_graphs:
        nodes = list(graph.graph_def.node)
        for function in graph.graph_def.library.function:
            nodes += function.node_def
        yield from (
            f"operation {node.op} ({node.name})"
            for node in nodes
            if node.op in _OPERATIONS
        )


def _code_in_config(config: Any, own: Collection[str]) -> Iterator[str]:
    if isinstance(config, list):
        for each in config:
            yield from _code_in_config(each, own)
    if not isinstance(config, dict):
        return
    yield from _code_in_object(config, own)
    for each in config.values():
        yield from _code_in_config(each, own)


def _code_in_object(config: Mapping[str, Any], own: Collection[str]) -> Iterator[str]:
    kind, options = config.get("class_name"), config.get("config")
    settings: Mapping[str, Any] = options if isinstance(options, dict) else {}
    name = settings.get("name", kind)
    if kind == "__lambda__":
        yield "a Python lambda"
    elif kind == "Lambda" and isinstance(settings.get("function"), list):
        # As Keras 2 writes it: bytecode, defaults, closure.
        yield f"layer {name} (Lambda)"
    elif kind == "TFOpLambda" and str(settings.get("function")).startswith(_FUNCTIONS):
        yield f"layer {name} (tf.{settings['function']})"
    module = config.get("module")
    if isinstance(module, str) and isinstance(kind, str) and not _is_known(config, own):
        yield f"{module}.{kind}"


def _is_known(config: Mapping[str, Any], own: Collection[str]) -> bool:
    module, kind = str(config["module"]), str(config["class_name"])
    registered = str(config.get("registered_name") or "")
    if {kind, registered, registered.rpartition(">")[2]} & {*own}:
        return True
    if module == "builtins":
        return kind in _VALUES
    package, *inside = module.split(".")
    return package in _MODULES and not {*inside} & {*_NEVER}
