"""Whether probabilities keep what they promise, in bins of equal width."""

from dataclasses import dataclass

import numpy as np

from edge_runtime.evaluation.intervals import wilson
from edge_runtime.evaluation.metrics import Labels, Scores

BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Photos of similar probability.

    Attributes:
        promised: their mean probability.
        malignant: how many of them are malignant.
        n: how many they are.
    """

    promised: float
    malignant: int
    n: int

    @property
    def observed(self) -> float:
        """Share of malignant ones."""
        return self.malignant / self.n

    @property
    def low(self) -> float:
        """Lower end of the share's 95 % Wilson interval."""
        return wilson(self.malignant, self.n).low

    @property
    def high(self) -> float:
        """Upper end of the share's 95 % Wilson interval."""
        return wilson(self.malignant, self.n).high


def reliability(labels: Labels, probabilities: Scores) -> tuple[ReliabilityBin, ...]:
    """Promised against observed, in ten equal intervals ``(low, high]``.

    Empty intervals are left out; 0 joins the first, as in
    ``expected_calibration_error``.
    """
    labels = np.asarray(labels)
    inner_edges = np.linspace(0, 1, BINS + 1)[1:-1]
    bin_of = np.searchsorted(inner_edges, probabilities, side="left")
    return tuple(
        ReliabilityBin(
            promised=float(np.mean(probabilities[bin_of == number])),
            malignant=int(labels[bin_of == number].sum()),
            n=int((bin_of == number).sum()),
        )
        for number in np.unique(bin_of)
    )
