"""From raw scores to AUC, recall and specificity with their intervals."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from benchmarks.measure.measurement import PhotoScore
from benchmarks.results.figures import Judged, quality_detail
from benchmarks.results.result import Quality
from edge_runtime.evaluation.intervals import Interval, delong_interval, wilson
from edge_runtime.evaluation.metrics import confusion, roc_auc
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import Share, headline


def share(successes: int, n: int) -> Share:
    """A proportion with its 95 % Wilson interval; ``n`` is at least 1."""
    interval = wilson(successes, n)
    return Share(successes / n, interval.low, interval.high, successes, n)


def quality_by_set(
    scores: Sequence[PhotoScore],
    split: str,
    *,
    threshold: float,
    temperature: float,
    subset: Collection[str] = (),
    groups: Mapping[str, str] | None = None,
    resamples: int = 2000,
) -> tuple[Quality, ...]:
    """Quality on the whole split, without lesions seen in training, and by group.

    Args:
        scores: of the split's photos.
        split: its name; the second set is called ``SPLIT_clean``.
        threshold: at or above it, a raw score means malignant.
        temperature: of the calibration.
        subset: photos of one compression; none leaves that set out.
        groups: by photo, what group it belongs to, in words.
        resamples: of the bootstrap.

    Returns:
        One entry for the split; one without lesions that are also in train, one without
        photos the runtime finds unusable and one of the subset, where these differ from
        the split; and one for each group.
    """
    sets = {split: scores}
    for name, kept in (
        ("clean", [photo for photo in scores if not photo.lesion_in_train]),
        ("usable", [photo for photo in scores if photo.usable]),
        ("one_compression", [photo for photo in scores if photo.photo in subset]),
    ):
        if 0 < len(kept) < len(scores):
            sets[f"{split}_{name}"] = kept
    for group in sorted(set((groups or {}).values())):
        sets[f"{split}, {group}"] = [
            photo for photo in scores if groups and groups.get(photo.photo) == group
        ]
    return tuple(
        _quality(name, photos, threshold, temperature, resamples)
        for name, photos in sets.items()
    )


def _quality(
    name: str,
    photos: Sequence[PhotoScore],
    threshold: float,
    temperature: float,
    resamples: int,
) -> Quality:
    malignant = sum(photo.malignant for photo in photos)
    other = len(photos) - malignant
    unusable = sum(not photo.usable for photo in photos)
    if min(malignant, other) < 2:
        # No interval comes out of fewer; nothing is better than half an answer.
        return Quality(name, malignant, other, unusable, *[None] * 6)
    labels = np.array([int(photo.malignant) for photo in photos])
    scores = np.array([photo.score for photo in photos], np.float64)
    # A lesion's photos are drawn together; the label keeps a mislabelled lesion apart.
    lesions = np.array([f"{photo.malignant} {photo.lesion}" for photo in photos])
    counts = confusion(labels, scores >= threshold)
    detail = quality_detail(
        Judged(labels, scores, lesions, threshold, temperature), resamples
    )
    return Quality(
        photos=name,
        malignant=malignant,
        other=other,
        unusable=unusable,
        auc=roc_auc(labels, scores),
        auc_delong=delong_interval(labels, scores),
        auc_bootstrap=Interval(detail.auc.low, detail.auc.high),
        recall=share(counts.tp, malignant),
        specificity=share(counts.tn, other),
        calibration_error=detail.calibration_error.value,
        detail=detail,
    )


def quality_on_card(card: ModelCard) -> Quality:
    """What a card states about its cleanest set of photos; nothing is measured."""
    accuracy = headline(card.accuracy)
    return Quality(
        photos=f"{accuracy.split} (from the card)",
        malignant=accuracy.recall.n,
        other=accuracy.specificity.n,
        unusable=None,
        auc=accuracy.auc,
        auc_delong=Interval(accuracy.auc_low, accuracy.auc_high),
        auc_bootstrap=None,
        recall=accuracy.recall,
        specificity=accuracy.specificity,
        calibration_error=accuracy.expected_calibration_error,
    )
