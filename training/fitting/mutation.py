"""Imbalance met in feature space: differential evolution's mutation (Storn and Price).

A photo cannot be made from others, but what the last layer is given can: for a vector a
of the rarer label and two more of it in the same batch, b and c, a + F (b - c) is one
more vector of that label (doi:10.1023/A:1008202821328; the smartphone paper, arXiv
2104.14353, meets its imbalance so). The network that is saved knows nothing of it.
"""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

FACTOR = 0.5
"""F: how much of a difference is added."""

DONORS = 2
"""b and c of each vector, by their places in the batch."""


@dataclass(frozen=True)
class Added:
    """One mutated vector for each photo of a batch.

    Attributes:
        donors: places of b and c in the batch; shape ``(n, 2)``; float32, as Keras
            feeds all inputs of a model alike.
        weights: how much each counts; 0 for the more frequent label; shape ``(n, 1)``.
    """

    donors: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Mutations:
    """How much the mutated vectors of each label count.

    Attributes:
        weights: of benign and malignant; 0 for the more frequent one. A photo counts 1
            and its mutated vector ``weights[label]``, so that both labels count the
            same.
    """

    weights: tuple[float, float]

    @classmethod
    def for_labels(cls, labels: NDArray[np.int64]) -> "Mutations":
        """From the training photos' labels; both occur."""
        counts = np.bincount(labels, minlength=2)
        benign, malignant = counts.max() / counts - 1
        return cls((float(benign), float(malignant)))

    def of_batch(self, labels: NDArray[np.float32], rng: np.random.Generator) -> Added:
        """Donors for each photo, drawn from the others of its label in the batch.

        A photo with fewer than two others of its label gets no mutated vector.

        Args:
            labels: 0 or 1; shape ``(n, 1)``.
            rng: draws.
        """
        flat = labels[:, 0].astype(np.int64)
        donors = np.zeros((len(flat), DONORS), np.float32)
        weights = np.zeros((len(flat), 1), np.float32)
        for place, label in enumerate(flat.tolist()):
            others = np.flatnonzero(flat == label)
            others = others[others != place]
            if len(others) >= DONORS and self.weights[label]:
                donors[place] = rng.choice(others, DONORS, replace=False)
                weights[place] = self.weights[label]
        return Added(donors, weights)


@keras.saving.register_keras_serializable("lesion_edge")
class Mutated(keras.layers.Layer):  # type: ignore[misc]
    """a + F (b - c) for each vector a of a batch."""

    def call(
        self, features: keras.KerasTensor, donors: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Vectors ``(n, k)`` from vectors ``(n, k)`` and donors ``(n, 2)``."""
        places = keras.ops.cast(donors, "int32")
        first = keras.ops.take(features, places[:, 0], axis=0)
        second = keras.ops.take(features, places[:, 1], axis=0)
        return features + FACTOR * (first - second)


def with_mutations(model: keras.Model) -> keras.Model:
    """A model of the same layers that also takes donors and judges mutated vectors.

    Its second output is the last layer's for each mutated vector; shape as the first.
    """
    donors = keras.Input((DONORS,), name="donors")
    last = model.layers[-1]
    mutated = Mutated(name="mutated")(last.input, donors)
    return keras.Model(
        [*model.inputs, donors], [model.outputs[0], last(mutated)], name=model.name
    )
