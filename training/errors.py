"""What this package raises on purpose, beside the errors of single modules."""

from edge_runtime.errors import EdgeRuntimeError


class TrainingError(EdgeRuntimeError):
    """Training cannot start or go on."""
