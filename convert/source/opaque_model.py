"""A model that is converted as it is, without looking into its layers."""

from typing import Any

import tensorflow as tf

from convert.graph.head import one_output
from convert.source.model import Source


class Whole(tf.Module):  # type: ignore[misc]
    """From pixels / 255 to one probability, with the model's own code between.

    A model that takes answers is given both.
    """

    def __init__(self, source: Source) -> None:
        """Hold on to the model, whose variables the converter reads."""
        super().__init__()
        self._model = source.model
        self._rule, self._head = source.rule, source.head

    def __call__(self, pixels: Any, training: bool = False) -> Any:
        """Run it; ``training`` is there as tf_keras' models have it."""
        if isinstance(pixels, tuple):
            picture, answers = pixels
            given = [self._rule.adapt(picture), answers]
        else:
            given = self._rule.adapt(pixels)
        outputs = self._model(given, training=training)
        return self._head.in_graph(one_output(outputs))
