"""A changed TFLite model as bytes again: for the workstation, which has flatbuffers."""

import importlib
from typing import Any, cast

from numpy.typing import NDArray

_ALIGNMENT_BYTES = 16  # force_align of Buffer.data in the schema


def packed(model: Any) -> bytes:
    """A model as bytes that an interpreter opens; the same model gives the same bytes.

    Constants are laid at multiples of 16 bytes, as the schema demands and as the
    generated classes forget.

    Args:
        model: a ``ModelT`` of LiteRT's generated ``schema_py_generated``.

    Raises:
        ModuleNotFoundError: without the package flatbuffers, which LiteRT brings.
    """
    flatbuffers = importlib.import_module("flatbuffers")

    class AligningBuilder(flatbuffers.Builder):  # type: ignore[misc, name-defined]
        """The generated ``Pack`` calls this for every constant, and only for arrays."""

        def CreateNumpyVector(self, x: NDArray[Any]) -> int:  # noqa: N802 (flatbuffers')
            """A vector that starts, behind its length field, at a multiple of 16."""
            self.Prep(_ALIGNMENT_BYTES, x.nbytes)
            return cast("int", super().CreateNumpyVector(x))

    builder = AligningBuilder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
