"""Figures of cross-validated scores, with intervals over patients.

Scores of different folds come of different networks and are never ranked against each
other: an AUC counts pairs of a malignant and a benign photo within a fold. Decisions
are made at each fold's own threshold and counted over all folds. Intervals draw
patients.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.intervals import Interval, wilson

RESAMPLES = 1000
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; None where it cannot be told."""

    value: float | None
    interval: Interval | None = None


@dataclass(frozen=True)
class Scored:
    """All photos, judged once for each seed by a network that did not learn from them.

    Attributes:
        labels: 1 for malignant; shape ``(n,)``.
        patients: names; shape ``(n,)``.
        folds: of each seed and photo; shape ``(seeds, n)``.
        scores: shape ``(seeds, n)``.
        called: whether the fold's threshold is reached; shape ``(seeds, n)``.
    """

    labels: NDArray[np.int64]
    patients: NDArray[np.str_]
    folds: NDArray[np.int64]
    scores: NDArray[np.float64]
    called: NDArray[np.bool_]

    def auc(self, among: NDArray[np.bool_] | None = None) -> Estimate:
        """Of the photos ``among``; None where no fold has both labels."""
        blocks = self._pairs(among)
        if not blocks:
            return Estimate(None)

        def figure(weights: Weights) -> float:
            won = all_pairs = 0.0
            for malignant, benign, wins in blocks:
                ours, theirs = weights[malignant], weights[benign]
                won += float(ours @ wins @ theirs)
                all_pairs += float(ours.sum() * theirs.sum())
            return won / all_pairs if all_pairs else np.nan

        return self._estimate(figure)

    def recall(self, among: NDArray[np.bool_] | None = None) -> Estimate:
        """Share of the malignant photos that are called."""
        return self._share(self.labels == 1, among, wanted=True)

    def specificity(self, among: NDArray[np.bool_] | None = None) -> Estimate:
        """Share of the benign photos that are not called."""
        return self._share(self.labels == 0, among, wanted=False)

    def balanced_accuracy(self) -> Estimate:
        """Mean of recall and specificity."""
        rates = self.called.mean(axis=0)

        def figure(weights: Weights) -> float:
            ours, theirs = weights * (self.labels == 1), weights * (self.labels == 0)
            if not (ours.any() and theirs.any()):
                return np.nan
            recall = float(ours @ rates / ours.sum())
            return (recall + 1 - float(theirs @ rates / theirs.sum())) / 2

        return self._estimate(figure)

    def called_of(self, among: NDArray[np.bool_]) -> Estimate:
        """Share of some photos that are called; Wilson's interval, for small groups."""
        n = int(among.sum())
        if not n:
            return Estimate(None)
        share = float(self.called[:, among].mean())
        return Estimate(share, wilson(round(share * n), n))

    def _share(
        self, of: NDArray[np.bool_], among: NDArray[np.bool_] | None, *, wanted: bool
    ) -> Estimate:
        chosen = of if among is None else of & among
        if not chosen.any():
            return Estimate(None)
        rates = (self.called == wanted).mean(axis=0)

        def figure(weights: Weights) -> float:
            part = weights * chosen
            return float(part @ rates / part.sum()) if part.any() else np.nan

        return self._estimate(figure)

    def _pairs(
        self, among: NDArray[np.bool_] | None
    ) -> list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
        """Of each seed and fold: malignant, benign, and which of the pairs are won."""
        kept = np.ones(len(self.labels), bool) if among is None else among
        blocks = []
        for folds, scores in zip(self.folds, self.scores, strict=True):
            for fold in np.unique(folds):
                here = kept & (folds == fold)
                malignant = np.flatnonzero(here & (self.labels == 1))
                benign = np.flatnonzero(here & (self.labels == 0))
                if len(malignant) and len(benign):
                    gap = scores[malignant][:, None] - scores[benign][None]
                    blocks.append((malignant, benign, (np.sign(gap) + 1) / 2))
        return blocks

    def _estimate(self, figure: Callable[[Weights], float]) -> Estimate:
        """The figure of all photos, and its interval over drawn patients."""
        names, index = np.unique(self.patients, return_inverse=True)
        rng = np.random.default_rng(0)
        values = []
        for _ in range(RESAMPLES):
            drawn = rng.integers(len(names), size=len(names))
            counts = np.bincount(drawn, minlength=len(names))
            values.append(figure(counts[index].astype(np.float64)))
        known = np.array(values)[np.isfinite(values)]
        value = figure(np.ones(len(self.labels)))
        if len(known) < RESAMPLES / 2:
            return Estimate(value)
        low, high = np.quantile(known, (0.025, 0.975))
        return Estimate(value, Interval(float(low), float(high)))


def groups_of(cells: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Which photos have each word, by word; "" is told as not stated."""
    names = [cell or "not stated" for cell in cells]
    return {
        name: np.array([each == name for each in names]) for name in sorted(set(names))
    }
