"""Which input a model was trained on, found by what it scores on validation photos.

Where nothing in a model tells the range of its pixels or the order of its colours, the
usual ones are tried. Two measures judge a trial: the area under the ROC curve, and the
Brier score, since a wrong range may keep the order of the scores while all of them
become 0, 1 or the same. Both classes weigh alike there, and the logits are shifted to
a mean probability of one half first, so that neither the share of malignant photos nor
class weights of the training favour a range.

A trial beats another where it has the better AUC beyond chance, tested on the same
photos, and not the worse Brier score. The Brier score alone decides only against a
trial whose scores no training gives, all nearly the same or confidently wrong: a
cautious network fed a little too much contrast is calibrated better than it was, and
has been fed wrongly all the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from convert.graph.head import Head
from convert.graph.input_rule import CHANNEL_ORDERS, InputRule
from edge_runtime.evaluation.intervals import Interval, delong_interval, delong_test
from edge_runtime.evaluation.metrics import Labels, Scores, roc_auc
from edge_runtime.evaluation.temperature import SMALLEST_SCORE

CHANCE = 0.005
"""P-value below which a difference counts: one in twenty, shared by ten trials."""

SAME_SCORES = 0.005
"""Two trials whose scores nowhere differ by more are one: the model normalises its
input itself, picture by picture."""

LEAST_DIFFERENCE = 0.01
"""Of the AUC, that speaks against a range which is known."""

FLAT = 0.2
"""Standard deviation of the logits below which a trained network's scores never lie."""

SURE, MOSTLY, WRONG = 0.998, 2 / 3, 0.1
"""Confidently wrong: ``MOSTLY`` of the scores beyond ``SURE`` or its complement, with a
Brier score above ``WRONG``."""

_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def usual_rules(
    orders: Sequence[str] = CHANNEL_ORDERS, *, grey: bool = False
) -> tuple[InputRule, ...]:
    """What image classifiers are trained on: ranges, and means in two conventions.

    ``torch`` and ``caffe`` are the modes of ``keras.applications.imagenet_utils``; the
    means belong to red, green and blue, in whatever order the model takes them.
    """
    if grey:
        return tuple(InputRule(word, grey=True) for word in ("0..1", "0..255", "-1..1"))
    rules: list[InputRule] = []
    for order in orders:
        flip = 1 if order == "rgb" else -1
        rules += [InputRule(word, order) for word in ("0..1", "0..255", "-1..1")]
        rules.append(InputRule("0..1", order, _TORCH_MEAN[::flip], _TORCH_STD[::flip]))
        rules.append(InputRule("0..255", order, _CAFFE_MEAN_BGR[::-flip]))
    return tuple(rules)


@dataclass(frozen=True)
class Trial:
    """One way to feed a model and to read it, and what came of it.

    Attributes:
        rule: how pixels were given.
        head: how outputs were read.
        labels: 1 for malignant; shape ``(n,)``.
        scores: in [0, 1]; shape ``(n,)``.
    """

    rule: InputRule
    head: Head
    labels: Labels
    scores: Scores

    @cached_property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return roc_auc(self.labels, self.scores)

    @cached_property
    def auc_interval(self) -> Interval:
        """Of DeLong, 95 %."""
        return delong_interval(self.labels, self.scores)

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Squared distance of each photo's shifted probability from the truth."""
        return np.square(_shifted(self.labels, self.scores) - self.labels)

    @cached_property
    def brier(self) -> float:
        """Mean of ``losses``, both classes weighted alike; 0.25 says nothing."""
        return _balanced_mean(self.labels, self.losses)

    @cached_property
    def brier_interval(self) -> Interval:
        """95 %, of the normal approximation."""
        half = 1.959964 * _balanced_error(self.labels, self.losses)
        return Interval(max(0.0, self.brier - half), min(1.0, self.brier + half))

    def equals(self, other: "Trial") -> bool:
        """Whether both give the same scores."""
        return bool(np.abs(self.scores - other.scores).max() <= SAME_SCORES)

    def beats(self, other: "Trial", chance: float = CHANCE) -> bool:
        """Better by one measure beyond chance, and by the other not worse.

        By the Brier score alone only where the other is no trained network's.
        """
        auc_p = delong_test(self.labels, self.scores, other.scores)
        difference = self.losses - other.losses
        error = _balanced_error(self.labels, difference)
        gain = -_balanced_mean(self.labels, difference)
        brier_p = math.erfc(abs(gain) / error / math.sqrt(2)) if error else 1.0
        by_auc = _sign(self.auc - other.auc, auc_p, chance)
        by_brier = _sign(gain, brier_p, chance)
        if min(by_auc, by_brier) < 0:
            return False
        return by_auc > 0 or (
            by_brier > 0 and self.is_plausible and not other.is_plausible
        )

    @cached_property
    def is_plausible(self) -> bool:
        """Whether a network can have been trained to give such scores."""
        sure = (self.scores > SURE) | (self.scores < 1 - SURE)
        confidently_wrong = sure.mean() > MOSTLY and self.brier > WRONG
        return bool(_logits(self.scores).std() >= FLAT and not confidently_wrong)

    @property
    def figures(self) -> str:
        """Both measures with their intervals."""
        auc, brier = self.auc_interval, self.brier_interval
        return (
            f"AUC {self.auc:.3f} ({auc.low:.3f} to {auc.high:.3f}), Brier"
            f" {self.brier:.3f} ({brier.low:.3f} to {brier.high:.3f})"
        )

    @property
    def options(self) -> str:
        """As a command line asks for it."""
        return f"{self.rule.options}{self.head.options}"


def clear_winner(trials: Sequence[Trial]) -> Trial | None:
    """The one that beats all others; None where none does.

    Red first is what nearly everybody trains on. So against the same rule with blue
    first it need not win beyond chance, as long as blue first is not the better one by
    both measures.
    """
    for trial in trials:
        if all(
            trial is other or trial.equals(other) or _prevails(trial, other)
            for other in trials
        ):
            return trial
    return None


def contradiction(known: Trial, trials: Sequence[Trial]) -> Trial | None:
    """The best of those that clearly beat a rule which is known or asked for."""
    better = [
        each
        for each in trials
        if each.beats(known, CHANCE / 5)
        and (each.auc - known.auc >= LEAST_DIFFERENCE or not known.is_plausible)
    ]
    return min(better, key=lambda each: each.brier, default=None)


def table(trials: Sequence[Trial], marked: Trial | None = None, mark: str = "") -> str:
    """All trials, best first, one on a line."""
    rows = sorted(trials, key=lambda each: (-round(each.auc, 3), each.brier))
    width = max(len(each.options) for each in rows)
    return "\n".join(
        f"  {each.options:{width}}  {each.figures}{f'  {mark}' * (each is marked)}"
        for each in rows
    )


def _prevails(trial: Trial, other: Trial) -> bool:
    if trial.beats(other):
        return True
    twins = (
        trial.head == other.head
        and trial.rule.range == other.rule.range
        and trial.rule.mean in (other.rule.mean, other.rule.mean[::-1])
        and (trial.rule.channel_order, other.rule.channel_order) == CHANNEL_ORDERS
    )
    behind = other.auc > trial.auc and other.brier < trial.brier
    return twins and not behind and not other.beats(trial)


def _sign(gain: float, p: float, chance: float) -> int:
    return 0 if p >= chance else (gain > 0) - (gain < 0)


def _shifted(labels: Labels, scores: Scores) -> NDArray[np.float64]:
    """Probabilities whose mean over both classes is one half, by one added number."""
    logits = _logits(scores)
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        shifted = 1 / (1 + np.exp(-logits - middle))
        if _balanced_mean(labels, shifted) < 0.5:
            low = middle
        else:
            high = middle
    return np.asarray(1 / (1 + np.exp(-logits - low)))


def _logits(scores: Scores) -> NDArray[np.float64]:
    clipped = np.clip(scores, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _balanced_mean(labels: Labels, values: NDArray[np.float64]) -> float:
    return float((values[labels == 1].mean() + values[labels == 0].mean()) / 2)


def _balanced_error(labels: Labels, values: NDArray[np.float64]) -> float:
    """Standard error of ``_balanced_mean``."""
    parts = [values[labels == label] for label in (0, 1)]
    return math.sqrt(sum(part.var(ddof=1) / part.size for part in parts)) / 2
