"""Mistakes in paths, told before TensorFlow is loaded and anything is computed."""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convert.errors import ConversionError
from convert.pipeline.settings import Settings
from convert.quantize.recipes import AI_EDGE, has_ai_edge
from convert.source.options import network_name

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")


def refuse_bad_paths(settings: Settings) -> None:
    """Stop where a path cannot be read or written, or an option names no module.

    Raises:
        ConversionError: naming the path or the option, what was expected, what to do.
    """
    for problem in _problems(settings):
        raise ConversionError(problem)


def network_in(path: Path) -> str | None:
    """The name that a file will give its network; None where TensorFlow has to tell.

    Read from ``training.json`` beside it, which names our own networks, or else from
    the config inside a ``.keras`` archive.
    """
    record = path.with_name("training.json")
    try:
        if record.is_file():
            network = json.loads(record.read_text(encoding="utf-8"))["network"]
            return network if isinstance(network, str) else None
        if not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as archive:
            name = json.loads(archive.read("config.json"))["config"]["name"]
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
        return None
    return network_name(name, path) if isinstance(name, str) else None


def _problems(settings: Settings) -> Iterator[str]:
    yield from _unreadable(settings)
    if settings.recipe == AI_EDGE and not has_ai_edge():
        yield (
            f"--recipe {AI_EDGE} needs Google's AI Edge Quantizer, which is not"
            " installed: pip install 'lesion-edge[aeq]'"
        )
    for option in ("builder", "custom_object"):
        given: Any = getattr(settings, option)
        for reference in (given,) if isinstance(given, str) else given or ():
            module, _, name = reference.partition(":")
            if not module or not name:
                yield (
                    f"--{option.replace('_', '-')} {reference} should read"
                    " package.module:name, such as my_models.nets:build"
                )
    for option in ("out", "report"):
        folder: Path | None = getattr(settings, option)
        if folder is not None and (problem := unwritable(folder)):
            yield f"--{option} {folder}: {problem}"
    if settings.summary is not None and (
        problem := unwritable(settings.summary.parent)
    ):
        yield f"--summary {settings.summary}: {problem}"


def _unreadable(settings: Settings) -> Iterator[str]:
    for model in (settings.keras_model, *settings.other_models):
        if model is not None and not settings.card_only:
            yield from _unfit_model(model)
    weights = settings.weights
    if weights is not None and not weights.exists():
        if not weights.with_name(f"{weights.name}.index").exists():
            yield f"the weights {weights} cannot be read: no such file"
    if settings.calibration is not None and not settings.calibration.is_file():
        yield f"--calibration {settings.calibration}: no such file"


def _unfit_model(path: Path) -> Iterator[str]:
    expected = "expected a .keras or .h5 file of Keras, or the folder of a SavedModel"
    if not path.exists():
        yield f"the model {path} cannot be read: there is no such file"
    elif not os.access(path, os.R_OK):
        yield f"the model {path} cannot be read: Permission denied"
    elif path.is_dir():
        if not (path / "saved_model.pb").exists():
            yield f"{path} is a folder without saved_model.pb; {expected}"
    elif path.suffix not in MODEL_SUFFIXES:
        yield f"{path} is of no known format; {expected}"
    elif not zipfile.is_zipfile(path) and path.read_bytes()[:4] != b"\x89HDF":
        yield (
            f"{path} is not a model that can be read: it is neither a zip archive nor"
            f" HDF5; {expected}"
        )


def unwritable(folder: Path) -> str | None:
    """Why nothing can be written into a folder, which need not exist; or None."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{existing} is no folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"no permission to write into {existing}"
    return None
