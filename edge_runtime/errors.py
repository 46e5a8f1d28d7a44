"""Everything this package raises on purpose.

EdgeRuntimeError
├── ModelFileError            the .tflite file or its card is missing or unusable
│   └── CardMismatchError     the card describes another model file
├── PhotoError                the photo cannot be read as one RGB picture
├── ManifestError             the table of labelled photos contradicts itself
└── InterpreterMissingError   no TFLite interpreter is installed
"""


class EdgeRuntimeError(Exception):
    """Base class: catch this to catch every error listed above."""


class ModelFileError(EdgeRuntimeError):
    """The .tflite file or its card is missing or unusable."""


class CardMismatchError(ModelFileError):
    """The card describes another model file."""


class PhotoError(EdgeRuntimeError):
    """The photo cannot be read as one RGB picture."""


class ManifestError(EdgeRuntimeError):
    """The table of labelled photos contradicts itself or the disk."""


class InterpreterMissingError(EdgeRuntimeError):
    """No TFLite interpreter is installed."""
