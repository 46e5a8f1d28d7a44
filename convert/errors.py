"""Everything the conversion refuses on purpose.

EdgeRuntimeError
└── ConversionError    the model, or what came with it, cannot be converted as asked
    ├── AuditError     the file holds operations that it should not hold
    └── GateError      the file is sound, but its quality is below what was asked for
"""

from edge_runtime.errors import EdgeRuntimeError


class ConversionError(EdgeRuntimeError):
    """The model, or what came with it, cannot be converted as asked."""


class AuditError(ConversionError):
    """The file holds operations that it should not hold."""

    exit_status = 4


class GateError(ConversionError):
    """The file is sound, but its quality is below what was asked for."""

    exit_status = 4
