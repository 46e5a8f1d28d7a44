"""The affine map between real numbers and the integers a TFLite model stores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STORED_TYPES: dict[str, type[np.generic]] = {
    "uint8": np.uint8,
    "int8": np.int8,
    "float32": np.float32,
}


@dataclass(frozen=True)
class Quantization:
    """real = scale * (stored - zero_point); for float32 tensors stored = real.

    The mapping of the TFLite 8-bit quantisation specification
    (https://ai.google.dev/edge/litert/models/quantization_spec).

    Attributes:
        scale: size of one integer step, in real units; 0 for float32.
        zero_point: the integer that stands for real 0; 0 for float32.
        dtype: type of the tensor: ``np.uint8``, ``np.int8`` or ``np.float32``.
    """

    scale: float
    zero_point: int
    dtype: type[np.generic]

    def __post_init__(self) -> None:
        """Refuse fields that cannot be, or contradict each other."""
        if self.dtype not in STORED_TYPES.values():
            raise ValueError(
                f"dtype must be uint8, int8 or float32; got {self.dtype_name}"
            )
        if self.is_identity:
            if self.scale or self.zero_point:
                raise ValueError(
                    "a float32 tensor stores real numbers: scale and zero point must"
                    f" be 0; got {self.scale} and {self.zero_point}"
                )
        elif not 0 < self.scale < np.inf:
            raise ValueError(f"scale must be positive and finite; got {self.scale}")

    @classmethod
    def identity(cls) -> "Quantization":
        """The map of a float32 tensor, which stores the real numbers themselves."""
        return cls(0.0, 0, np.float32)

    @classmethod
    def named(cls, dtype: str, scale: float, zero_point: int) -> "Quantization":
        """From the fields of a card, where the type is a word.

        Raises:
            ValueError: when ``dtype`` is none of ``STORED_TYPES``.
        """
        if dtype not in STORED_TYPES:
            raise ValueError(f"dtype must be one of {[*STORED_TYPES]}; got {dtype!r}")
        return cls(scale, zero_point, STORED_TYPES[dtype])

    @property
    def dtype_name(self) -> str:
        """The type in a word, such as ``"uint8"``."""
        return np.dtype(self.dtype).name

    @property
    def is_identity(self) -> bool:
        """Whether stored values are the real numbers themselves."""
        return self.dtype is np.float32

    def store(self, real: NDArray[np.floating]) -> NDArray[Any]:
        """Round to the nearest stored integer; values out of range saturate.

        Raises:
            ValueError: when a value is not a number, which no integer stands for.

        >>> Quantization(1 / 255, 0, np.uint8).store(np.array([-1, 0.5, 9]))
        array([  0, 128, 255], dtype=uint8)
        """
        if self.is_identity:
            return np.asarray(real, np.float32)
        if np.isnan(real).any():
            raise ValueError("cannot quantise nan; check the values before")
        limits = np.iinfo(np.dtype(self.dtype).name)
        steps = np.rint(np.asarray(real, np.float64) / self.scale) + self.zero_point
        return steps.clip(limits.min, limits.max).astype(self.dtype)

    def restore(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Real values of stored integers; at most scale / 2 from the original.

        >>> Quantization(1 / 256, -128, np.int8).restore(np.array([-128, 0, 127]))
        array([0.        , 0.5       , 0.99609375], dtype=float32)
        """
        if self.is_identity:
            return np.asarray(stored, np.float32)
        # Widen first: int8 minus a zero point of -128 does not fit into int8.
        steps = stored.astype(np.int32) - self.zero_point
        return (self.scale * steps).astype(np.float32)

    def store_pixels(self, mean: float, std: float) -> NDArray[Any]:
        """Stored value of each pixel level 0..255, as a table of shape ``(256,)``.

        The model's real input is (pixel - mean) / std. A pixel has only 256 levels,
        so ``table[pixels]`` quantises an image without any arithmetic per pixel.

        >>> Quantization(1 / 255, -128, np.int8).store_pixels(0, 255)[[0, 1, 255]]
        array([-128, -127,  127], dtype=int8)
        """
        if not std > 0:
            raise ValueError(f"std must be positive; got {std}")
        return self.store((np.arange(256, dtype=np.float64) - mean) / std)
