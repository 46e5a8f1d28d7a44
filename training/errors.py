"""What this package raises on purpose, beside the errors of single modules."""

from edge_runtime.errors import EdgeRuntimeError


class TrainingError(EdgeRuntimeError):
    """Training cannot start or go on."""


class HopelessModelError(TrainingError):
    """The finished network is no better than chance; its files are written."""

    exit_status = 4


class BackendMissingError(TrainingError):
    """Keras or the backend that it is told to use is not installed."""
