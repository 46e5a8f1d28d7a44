"""A threshold moved for another camera by photos that nobody has labelled.

Another camera moves all scores. Without labels nothing tells recall; but if the model
still puts photos in the right order, and the site can say what share of its photos is
malignant, then the share that the card's threshold would call is known, and the score
that calls as many here takes its place (quantile matching). What cannot be checked is
said: recall here is not measured, and the stated share is taken at its word.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from edge_runtime.errors import SiteFileError
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import (
    Share,
    Threshold,
    Uncertainty,
    means_over_sources,
)
from edge_runtime.model.operating_point import share_of, uncertainty_band

SHIFT_FORMAT = 2
"""Of a site file without labels; 1 is that of one with labels."""

UNLABELLED_SPLIT = "site, unlabelled"

WIDEST = 0.10
"""Half the 95 % Wilson interval of the share called must be no wider than this, and no
wider than half of that share or of the rest."""


@dataclass(frozen=True)
class SiteShift:
    """What unlabelled photos of a site say about one model.

    Attributes:
        format: version of this layout; readers refuse others.
        notice: what the model is not.
        model: the card's name of the model.
        model_sha256: of the model, as in ``ModelCard``.
        created: date, ISO 8601, UTC.
        photos: folders and files they came from.
        photos_sha256: over the photos' bytes, in order.
        left_out: photos that could not be read or are unusable.
        malignant_share: of the site's photos; the site's own word.
        expected_share: of photos called, at that share and the recall and specificity
            that the card's threshold has on its validation photos.
        called_by_card: photos at or above the card's threshold.
        threshold: replaces the card's. Its recall and specificity are those of the
            card's threshold on validation photos, hoped for and not measured.
        score_if_half: the threshold, were only half as many malignant as stated.
        score_if_double: the threshold, were twice as many (at most all).
        uncertainty: replaces the card's.
    """

    format: int
    notice: str
    model: str
    model_sha256: str
    created: str
    photos: str
    photos_sha256: str
    left_out: int
    malignant_share: float
    expected_share: float
    called_by_card: Share
    threshold: Threshold
    score_if_half: float
    score_if_double: float
    uncertainty: Uncertainty

    def applied_to(self, card: ModelCard) -> ModelCard:
        """The card with the moved threshold; its accuracy stays that of the card's.

        Raises:
            ValueError: when the two contradict each other.
        """
        return dataclasses.replace(
            card, threshold=self.threshold, uncertainty=self.uncertainty
        )


def is_moved(card: ModelCard) -> bool:
    """Whether the threshold was moved without labels, so that no figure is its own."""
    return card.threshold.split == UNLABELLED_SPLIT


def expected_share(card: ModelCard, malignant_share: float) -> float:
    """Of photos at or above the card's threshold, were this share malignant."""
    recall = card.threshold.recall.value
    specificity = card.threshold.specificity.value
    for mean in means_over_sources(card.accuracy):
        # A new site is no more like one of the sources than like another.
        if mean.split == card.threshold.split:
            recall, specificity = mean.recall, mean.specificity
    return malignant_share * recall + (1 - malignant_share) * (1 - specificity)


def needed_photos(share: float) -> int:
    """How many photos tell a share of this size well enough.

    >>> needed_photos(0.5) < 100 < needed_photos(0.1)
    True
    """
    n, widest = 1, min(WIDEST, share / 2, (1 - share) / 2)
    while _half_width(share, n) > widest:
        n += 1
    return n


def score_that_calls(scores: Scores, share: float) -> float:
    """The highest score at or above which at least this share of the photos is."""
    ordered = np.sort(scores)[::-1]
    # The rounding of a product must not ask for one photo more.
    place = math.ceil(share * ordered.size - 1e-9)
    return float(ordered[max(1, min(place, ordered.size)) - 1])


def moved_threshold(card: ModelCard, scores: Scores, share: float) -> Threshold:
    """The card's threshold where it calls ``share`` of these photos.

    Raises:
        SiteFileError: when there are too few, saying how many are needed.
    """
    needed = needed_photos(share)
    if scores.size < needed:
        raise SiteFileError(
            f"too few usable photos: {scores.size} without labels; at a share of"
            f" {share:.2f} called, at least {needed} are needed. Collect more, or keep"
            " the threshold of the card."
        )
    score = score_that_calls(scores, share)
    output = card.output.quantization
    return dataclasses.replace(
        card.threshold,
        score=score,
        stored=None if output.is_identity else int(output.store(np.array([score]))[0]),
        probability=calibrated(score, card.temperature),
        split=UNLABELLED_SPLIT,
        rule=None,
        source=None,
    )


def called(scores: Scores, score: float) -> Share:
    """Photos at or above a score."""
    return share_of(int((scores >= score).sum()), scores.size)


def band(card: ModelCard, scores: Scores, score: float) -> Uncertainty:
    """The uncertain scores below the moved threshold."""
    return uncertainty_band(scores, score, temperature=card.temperature)


def _half_width(share: float, n: int) -> float:
    interval = wilson(round(share * n), n)
    return (interval.high - interval.low) / 2
