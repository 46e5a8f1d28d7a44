"""How far each layer of an integer file is from the same layer in floating point.

Both files come from one folded model, so their operations pair in order; names do not,
since fine-tuning wraps layers. Every tensor is kept, which only TFLite's own kernels
can, not XNNPACK's. Errors add up on the way: a layer's own share is what its output
lost beyond its worst input.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.tflite.all_tensors import AllTensors
from convert.tflite.operators import Operator

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
SOUND_DB = 20.0
"""Noise of a tenth of the signal; below, a layer is worth a second look."""
OWN_LOSS_DB = 6.0
"""Half of the signal's room lost in one layer alone."""


@dataclass(frozen=True)
class LayerError:
    """One operation, compared over all photos.

    Attributes:
        layer: of the Keras model.
        operation: TFLite's name of the kernel.
        snr_db: power of the float values over that of the difference, in decibels.
        own_loss_db: how much lower that is than at its worst input.
        cosine: of the angle between both, seen as one long vector each.
        largest_difference: of one value.
        largest_value: of the float values, for scale.
    """

    layer: str
    operation: str
    snr_db: float
    own_loss_db: float
    cosine: float
    largest_difference: float
    largest_value: float


@dataclass
class _Sums:
    """Running sums over the photos of one pair of tensors."""

    signal: float = 0.0
    noise: float = 0.0
    other: float = 0.0
    product: float = 0.0
    largest_difference: float = 0.0
    largest_value: float = 0.0

    def add(self, expected: NDArray[np.float64], given: NDArray[np.float64]) -> None:
        difference = np.abs(given - expected)
        self.signal += float((expected**2).sum())
        self.noise += float((difference**2).sum())
        self.other += float((given**2).sum())
        self.product += float((expected * given).sum())
        self.largest_difference = max(self.largest_difference, float(difference.max()))
        self.largest_value = max(self.largest_value, float(np.abs(expected).max()))

    @property
    def snr_db(self) -> float:
        # 200 dB stands for no difference at all; float32 itself has 150.
        if self.noise <= self.signal * 1e-20:
            return 200.0
        return float(10 * np.log10(max(self.signal, 1e-30) / self.noise))

    @property
    def cosine(self) -> float:
        length = np.sqrt(self.signal * self.other)
        return float(self.product / length) if length else 1.0


def layer_errors(
    floating: bytes,
    quantised: bytes,
    pixels: NDArray[np.uint8],
    layers: Collection[str] = (),
) -> tuple[LayerError, ...]:
    """Compare, worst first.

    Args:
        floating: the folded model as ``float32`` file.
        quantised: the same model by another recipe.
        pixels: photos at the model's size; shape ``(n, size, size, 3)``.
        layers: of the folded model; what they are called is what errors are called.

    Raises:
        ConversionError: when the files have no operation in common.
    """
    one, two = AllTensors(floating), AllTensors(quantised)
    pairs = _pairs(one.operators, two.operators)
    if not pairs:
        raise ConversionError(
            "the files have no operation in common; expected two conversions of one"
            " model"
        )
    sums = [_Sums() for _ in pairs]
    for square in pixels:
        one.run(square)
        two.run(square)
        for (first, second), sum_ in zip(pairs, sums, strict=True):
            sum_.add(one.value(first), two.value(second))
    errors = [
        LayerError(
            layer=one.operators[first].layer_among(layers),
            operation=one.operators[first].name,
            snr_db=sum_.snr_db,
            own_loss_db=_snr_before(one.operators, first, pairs, sums) - sum_.snr_db,
            cosine=sum_.cosine,
            largest_difference=sum_.largest_difference,
            largest_value=sum_.largest_value,
        )
        for (first, _), sum_ in zip(pairs, sums, strict=True)
    ]
    return tuple(sorted(errors, key=lambda error: error.snr_db))


def culprit(errors: Sequence[LayerError], layers: Collection[str]) -> LayerError | None:
    """The layer that loses most by itself, where the result is poor at all.

    Args:
        errors: of all operations.
        layers: that can be kept in floating point; what the converter made itself,
            the last sigmoid above all, is none.
    """
    poor = [each for each in errors if each.snr_db < SOUND_DB and each.layer in layers]
    worst = max(poor, key=lambda each: each.own_loss_db, default=None)
    if worst is None or worst.own_loss_db < OWN_LOSS_DB:
        return None
    return worst


def _snr_before(
    found: Sequence[Operator],
    number: int,
    pairs: Sequence[tuple[int, int]],
    sums: Sequence[_Sums],
) -> float:
    """Of the worst input that was compared; 60 dB, 8 bits and more, at the entrance."""
    by_output = {
        found[first].outputs[0].name: sum_.snr_db
        for (first, _), sum_ in zip(pairs, sums, strict=True)
    }
    given = [by_output[x.name] for x in found[number].inputs if x.name in by_output]
    return min(given, default=60.0)


def _pairs(one: Sequence[Operator], two: Sequence[Operator]) -> list[tuple[int, int]]:
    first = [i for i, each in enumerate(one) if each.name not in _CONVERSIONS]
    second = [i for i, each in enumerate(two) if each.name not in _CONVERSIONS]
    matcher = difflib.SequenceMatcher(
        None, [one[i].name for i in first], [two[i].name for i in second], False
    )
    return [
        (first[block.a + k], second[block.b + k])
        for block in matcher.get_matching_blocks()
        for k in range(block.size)
        if _size(one[first[block.a + k]]) == _size(two[second[block.b + k]])
    ]


def _size(operator: Operator) -> int:
    return int(np.prod(operator.outputs[0].shape))
