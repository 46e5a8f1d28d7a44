"""Judge photos of skin lesions with a .tflite model: numpy, Pillow and LiteRT only.

Research and education; not a medical device.

    from edge_runtime import classify

    verdict = classify("models/cnn64.qat_int8.tflite", "photo.jpg")
    print(verdict.decision, verdict.probability, verdict.threshold)

What judges photo after photo keeps a ``LesionClassifier``, which loads the model once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # As below, for type checkers.
    from edge_runtime.batch import Outcome as Outcome
    from edge_runtime.classifier import LesionClassifier as LesionClassifier
    from edge_runtime.commands.classify import classify as classify
    from edge_runtime.errors import AnswerError as AnswerError
    from edge_runtime.errors import EdgeRuntimeError as EdgeRuntimeError
    from edge_runtime.errors import InterpreterMissingError as InterpreterMissingError
    from edge_runtime.errors import ModelFileError as ModelFileError
    from edge_runtime.errors import PhotoError as PhotoError
    from edge_runtime.model.card import ModelCard as ModelCard
    from edge_runtime.verdict import Verdict as Verdict

# Modules are imported when one of their names is asked for: a verdict needs neither the
# manifest nor the machine, and cold start counts on a device.
_HOMES = {
    "AnswerError": "errors",
    "EdgeRuntimeError": "errors",
    "InterpreterMissingError": "errors",
    "LesionClassifier": "classifier",
    "ModelCard": "model.card",
    "ModelFileError": "errors",
    "Outcome": "batch",
    "PhotoError": "errors",
    "Verdict": "verdict",
    "classify": "commands.classify",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
