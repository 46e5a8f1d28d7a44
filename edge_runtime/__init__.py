"""Judge photos of skin lesions with a .tflite model: numpy, Pillow and LiteRT only.

Research and education; not a medical device.

    from edge_runtime import LesionClassifier

    classifier = LesionClassifier.load("models/cnn64.qat_int8.tflite")
    verdict = classifier.classify("photo.jpg")
    print(verdict.decision, verdict.probability, verdict.threshold)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge_runtime.classifier import LesionClassifier
    from edge_runtime.errors import (
        AnswerError,
        CardMismatchError,
        EdgeRuntimeError,
        InterpreterMissingError,
        ManifestError,
        ModelFileError,
        PhotoError,
    )
    from edge_runtime.measuring.latency import Latency, measure_latency
    from edge_runtime.measuring.machine import Machine, describe_machine
    from edge_runtime.model.card import ModelCard
    from edge_runtime.model.file import ModelFile, read_model_file
    from edge_runtime.model.interpreter import (
        TfliteModel,
        open_interpreter,
        open_model_file,
    )
    from edge_runtime.model.quantization import Quantization
    from edge_runtime.photos.decoding import PhotoSource, read_photo
    from edge_runtime.photos.manifest import LabelledPhoto, photos_of, read_manifest
    from edge_runtime.photos.preprocessing import load_pixels, preprocess
    from edge_runtime.photos.quality import Finding, photo_findings
    from edge_runtime.verdict import Verdict

# Modules are imported when one of their names is asked for: a verdict needs neither the
# manifest nor the machine, and cold start counts on a device.
_HOMES = {
    "AnswerError": "errors",
    "CardMismatchError": "errors",
    "EdgeRuntimeError": "errors",
    "Finding": "photos.quality",
    "InterpreterMissingError": "errors",
    "LabelledPhoto": "photos.manifest",
    "Latency": "measuring.latency",
    "LesionClassifier": "classifier",
    "Machine": "measuring.machine",
    "ManifestError": "errors",
    "ModelCard": "model.card",
    "ModelFile": "model.file",
    "ModelFileError": "errors",
    "PhotoError": "errors",
    "PhotoSource": "photos.decoding",
    "Quantization": "model.quantization",
    "TfliteModel": "model.interpreter",
    "Verdict": "verdict",
    "describe_machine": "measuring.machine",
    "load_pixels": "photos.preprocessing",
    "measure_latency": "measuring.latency",
    "open_interpreter": "model.interpreter",
    "open_model_file": "model.interpreter",
    "photo_findings": "photos.quality",
    "photos_of": "photos.manifest",
    "preprocess": "photos.preprocessing",
    "read_manifest": "photos.manifest",
    "read_model_file": "model.file",
    "read_photo": "photos.decoding",
}

__all__ = [
    "AnswerError",
    "CardMismatchError",
    "EdgeRuntimeError",
    "Finding",
    "InterpreterMissingError",
    "LabelledPhoto",
    "Latency",
    "LesionClassifier",
    "Machine",
    "ManifestError",
    "ModelCard",
    "ModelFile",
    "ModelFileError",
    "PhotoError",
    "PhotoSource",
    "Quantization",
    "TfliteModel",
    "Verdict",
    "describe_machine",
    "load_pixels",
    "measure_latency",
    "open_interpreter",
    "open_model_file",
    "photo_findings",
    "photos_of",
    "preprocess",
    "read_manifest",
    "read_model_file",
    "read_photo",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
