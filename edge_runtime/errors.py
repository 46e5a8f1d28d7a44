"""Everything this package raises on purpose.

EdgeRuntimeError
├── ModelFileError            the .tflite file or its card is missing or unusable
│   └── CardMismatchError     the card describes another model file
├── InputError                what a person handed over cannot be used
│   ├── PhotoError            the photo cannot be read as one RGB picture
│   └── AnswerError           an answer about the lesion is none of those asked for
├── ManifestError             the table of labelled photos contradicts itself
├── SiteFileError             a site's own calibration is damaged or cannot be made
│   └── SiteGateError         it is worse than what is in force
├── ResultFileError           a file of verdicts cannot be written or gone on with
├── SettingsError             the configuration file or environment makes no sense
├── UpdateError               a release is not to be trusted, or cannot be installed
│   └── SelfTestError         a new model does not do here what it promises
├── CameraError               the camera, stream or recording cannot be used
├── UsageError                a function was given an option or a value that is none
├── ExtraMissingError         a command needs an extra that is not installed
└── InterpreterMissingError   no TFLite interpreter is installed
"""

from collections.abc import Mapping
from types import MappingProxyType

Values = Mapping[str, str | int]
NOTHING: Values = MappingProxyType({})


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


class InputError(EdgeRuntimeError):
    """What a person handed over cannot be used.

    Attributes:
        fault: what is wrong, in a word that stays, for whoever says it in other words.
        values: the names and numbers that stand in the message.
    """

    def __init__(
        self, message: str, *, fault: str = "unreadable", values: Values = NOTHING
    ) -> None:
        """Say ``message``; see the attributes."""
        super().__init__(message)
        self.fault = fault
        # A copy, since a mapping proxy cannot go to another process.
        self.values = dict(values)


class PhotoError(InputError):
    """The photo cannot be read as one RGB picture."""


class AnswerError(InputError):
    """An answer about the lesion is none of those that the model's card asks for."""


class ManifestError(EdgeRuntimeError):
    """The table of labelled photos contradicts itself or the disk."""


class SiteFileError(EdgeRuntimeError):
    """A site's own calibration is damaged, another model's, or cannot be made."""


class SiteGateError(SiteFileError):
    """A site's own operating point is worse than what is in force."""

    exit_status = 4


class ResultFileError(EdgeRuntimeError):
    """A file of verdicts cannot be written, or is not one to go on with."""


class UpdateError(EdgeRuntimeError):
    """A release is not to be trusted, or cannot be installed."""


class SelfTestError(UpdateError):
    """A new model does not do here what its golden vectors promise."""


class SettingsError(EdgeRuntimeError):
    """The configuration file or an environment variable makes no sense."""


class UsageError(EdgeRuntimeError):
    """A function was given an option that does not exist, or a value that will not do.

    A shell gets a usage message and status 2 in its place.
    """

    exit_status = 2


class ExtraMissingError(EdgeRuntimeError):
    """A command, or a package that it needs, is not installed."""


class InterpreterMissingError(EdgeRuntimeError):
    """No TFLite interpreter is installed."""


class CameraError(EdgeRuntimeError):
    """The camera, stream or recording cannot be used."""
