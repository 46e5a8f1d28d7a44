"""Everything the benchmarks raise on purpose, beside the runtime's own errors."""

from edge_runtime.errors import EdgeRuntimeError


class BenchmarkError(EdgeRuntimeError):
    """What was asked for cannot be measured, or an old result cannot be read."""
