"""What this package raises on purpose, beside the errors of single modules."""

from edge_runtime.errors import EdgeRuntimeError


class TrainingError(EdgeRuntimeError):
    """Training cannot start or go on."""


class HopelessModelError(TrainingError):
    """A finished model tells the classes apart no better than chance."""

    exit_status = 4
