"""Everything this package raises on purpose.

EdgeRuntimeError
├── ModelFileError            the .tflite file or its card is missing or unusable
│   └── CardMismatchError     the card describes another model file
├── PhotoError                the photo cannot be read as one RGB picture
├── AnswerError               an answer about the lesion is none of those asked for
├── ManifestError             the table of labelled photos contradicts itself
├── SiteFileError             a site's own calibration is damaged or cannot be made
├── ResultFileError           a file of verdicts cannot be written or gone on with
├── SettingsError             the configuration file or environment makes no sense
├── UpdateError               a release is not to be trusted, or cannot be installed
│   └── SelfTestError         a new model does not do here what it promises
├── CameraError               the camera, stream or recording cannot be used
└── InterpreterMissingError   no TFLite interpreter is installed
"""


class EdgeRuntimeError(Exception):
    """Base class: catch this to catch every error listed above.

    Attributes:
        exit_status: with which a command ends that could not go on.
    """

    exit_status = 1


class ModelFileError(EdgeRuntimeError):
    """The .tflite file or its card is missing or unusable."""


class CardMismatchError(ModelFileError):
    """The card describes another model file."""


class PhotoError(EdgeRuntimeError):
    """The photo cannot be read as one RGB picture."""


class AnswerError(EdgeRuntimeError):
    """An answer about the lesion is none of those that the model's card asks for."""


class ManifestError(EdgeRuntimeError):
    """The table of labelled photos contradicts itself or the disk."""


class SiteFileError(EdgeRuntimeError):
    """A site's own calibration is damaged, another model's, or cannot be made."""


class ResultFileError(EdgeRuntimeError):
    """A file of verdicts cannot be written, or is not one to go on with."""


class UpdateError(EdgeRuntimeError):
    """A release is not to be trusted, or cannot be installed."""


class SelfTestError(UpdateError):
    """A new model does not do here what its golden vectors promise."""


class SettingsError(EdgeRuntimeError):
    """The configuration file or an environment variable makes no sense."""


class InterpreterMissingError(EdgeRuntimeError):
    """No TFLite interpreter is installed."""


class CameraError(EdgeRuntimeError):
    """The camera, stream or recording cannot be used."""
