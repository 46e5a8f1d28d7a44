"""What a card says to back its threshold: counts, intervals and comparisons.

Every recall stands beside the specificity that was paid for it, each with its counts,
so that a reader can recompute the interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_runtime.files.strict_json import OPTIONAL


@dataclass(frozen=True)
class Share:
    """A proportion with its counts and its 95 % Wilson interval.

    Attributes:
        value: successes / n; from 0 to 1.
        low: lower end of the interval.
        high: upper end of the interval.
        successes: photos for which the claim holds.
        n: photos looked at.
    """

    value: float
    low: float
    high: float
    successes: int
    n: int

    @property
    def in_words(self) -> str:
        """With its interval: ``0.950 (0.895 to 0.977)``."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @property
    def counted(self) -> str:
        """With its counts too: ``0.950 (0.895 to 0.977, 114 of 120)``."""
        return f"{self.in_words[:-1]}, {self.successes} of {self.n})"


@dataclass(frozen=True)
class Threshold:
    """At or above it: investigate. Chosen on this file's own scores.

    Attributes:
        score: raw output of the model; one of the values it can take.
        stored: the same as the integer the output tensor holds; None for float32.
        probability: the same after temperature calibration.
        target_recall: the recall that was asked for.
        split: the split it was chosen on; never the test split.
        recall: reached on that split; of several sources, on the one where it is
            lowest.
        specificity: reached on the same photos as the recall.
        rule: how it was chosen, in words; left out where it is the highest score with
            the target recall over all photos of the split.
        source: whose recall that is; left out where the photos are of one source.
    """

    score: float
    stored: int | None
    probability: float
    target_recall: float
    split: str
    recall: Share
    specificity: Share
    rule: str | None = field(default=None, metadata=OPTIONAL)
    source: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Uncertainty:
    """Scores from ``low_score`` up to the threshold are called uncertain.

    Attributes:
        low_score: raw output at which the band starts; equals the threshold's score
            when the band is empty.
        low_probability: the same after temperature calibration.
        rule: how the width was chosen, in words.
        share: photos of the split that fall into the band; of several sources, of the
            one with the most.
    """

    low_score: float
    low_probability: float
    rule: str
    share: Share


@dataclass(frozen=True)
class Comparison:
    """What conversion changed, on the split that was not trained on.

    Attributes:
        split: which photos were compared.
        n: how many they are.
        auc_keras: of the Keras model in floating point; of several sources, the mean.
        auc_file: AUC of this file, in the same way.
        malignant_lost: malignant photos at or above the Keras model's threshold (same
            target recall) that fall below this file's.
        malignant_gained: the reverse.
        benign_lost: benign photos that became false alarms.
        benign_gained: the reverse.
        largest_difference: of the two scores of one photo.
        mean_difference: mean of the absolute differences.
        distinct_scores: how many different scores the file gave.
    """

    split: str
    n: int
    auc_keras: float
    auc_file: float
    malignant_lost: int
    malignant_gained: int
    benign_lost: int
    benign_gained: int
    largest_difference: float
    mean_difference: float
    distinct_scores: int


@dataclass(frozen=True)
class Accuracy:
    """How the file does on one set of photos at its own threshold.

    Attributes:
        split: ``"val"``, ``"test"`` (all photos), ``"test_clean"`` (without photos
            whose lesion is also in the training split) or ``"site"`` (a site's own).
        auc: area under the ROC curve, with its 95 % DeLong interval.
        auc_low: lower end of that interval.
        auc_high: upper end of that interval.
        recall: malignant photos at or above the threshold.
        specificity: other photos below the threshold.
        expected_calibration_error: of the calibrated probabilities.
        source: whose photos these are; left out where the split is of one source.
    """

    split: str
    auc: float
    auc_low: float
    auc_high: float
    recall: Share
    specificity: Share
    expected_calibration_error: float
    source: str | None = field(default=None, metadata=OPTIONAL)

    @property
    def photos(self) -> str:
        """Which photos, in words: the split, and the source if there are several."""
        return self.split if self.source is None else f"{self.split} of {self.source}"


@dataclass(frozen=True)
class FewMalignant:
    """A source with too few photos for recall and AUC: specificity only.

    Attributes:
        split: as in ``Accuracy``.
        source: whose photos these are.
        malignant: how many of them are malignant.
        specificity: other photos below the threshold; null where there are none.
    """

    split: str
    source: str
    malignant: int
    specificity: Share | None


@dataclass(frozen=True)
class Mean:
    """Accuracy as the plain mean over sources, each of the same weight.

    Attributes:
        split: as in ``Accuracy``.
        sources: names of the sources.
        auc: mean of the areas under their ROC curves.
        recall: mean of their recalls.
        specificity: mean of their specificities.
    """

    split: str
    sources: tuple[str, ...]
    auc: float
    recall: float
    specificity: float


def means_over_sources(accuracy: Sequence[Accuracy]) -> tuple[Mean, ...]:
    """One mean for each split that was measured source by source."""
    splits = dict.fromkeys(each.split for each in accuracy if each.source is not None)
    return tuple(
        _mean(split, [each for each in accuracy if each.split == split])
        for split in splits
    )


def _mean(split: str, measured: Sequence[Accuracy]) -> Mean:
    n = len(measured)
    return Mean(
        split,
        tuple(each.source or "" for each in measured),
        sum(each.auc for each in measured) / n,
        sum(each.recall.value for each in measured) / n,
        sum(each.specificity.value for each in measured) / n,
    )


def headline(accuracy: Sequence[Accuracy]) -> Accuracy:
    """The set whose figures speak for a file: a site's own, else the cleanest.

    Of several sources, the one with the lowest AUC speaks: no hospital is promised more
    than the worst got. Of a split that this toolkit does not know, the first one
    speaks.

    Raises:
        ValueError: when nothing was measured.
    """
    for split in ("site", "test_clean", "test", "val"):
        if found := [measured for measured in accuracy if measured.split == split]:
            return min(found, key=lambda measured: measured.auc)
    if not accuracy:
        raise ValueError("expected accuracy on test_clean, test or val, got none")
    return accuracy[0]
