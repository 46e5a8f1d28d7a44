"""The head that every classifier ends in: pooling, dropout, one probability."""

from collections.abc import Sequence

import keras

from training.datasets.questions import SLOTS
from training.networks.answers_fusion import answers_input, gated, side_by_side
from training.networks.designs import CONCAT, METABLOCK

DROPOUT = 0.2


def with_head(
    inputs: keras.KerasTensor,
    seen: Sequence[keras.KerasTensor],
    name: str,
    answers: str = "",
    *,
    units: int = 1,
    slots: int = SLOTS,
) -> keras.Model:
    """Close a network: mean over positions, dropout, one sigmoid unit or two softmax.

    Args:
        inputs: pixels / 255.
        seen: feature maps.
        name: of the model.
        answers: a key of ``FUSIONS``; the model then takes ``[pixels, answers]``.
        units: 1, or 2 of which the last is malignant.
        slots: length of the vector of answers.
    """
    told = answers_input(slots) if answers else None
    if answers == METABLOCK:
        seen = gated(seen, told)
    means = [
        keras.layers.GlobalAveragePooling2D(name=f"mean{index}" if index else "mean")(
            values
        )
        for index, values in enumerate(seen)
    ]
    values = (
        means[0] if len(means) == 1 else keras.layers.Concatenate(name="means")(means)
    )
    if answers == CONCAT:
        values = side_by_side(values, told)
    values = keras.layers.Dropout(DROPOUT, name="head_dropout")(values)
    outputs = keras.layers.Dense(
        units, activation="sigmoid" if units == 1 else "softmax", name="probability"
    )(values)
    given = inputs if told is None else [inputs, told]
    return keras.Model(given, outputs, name=name)
