"""Threshold, uncertainty band and accuracy of a file, from labels and its own scores.

Arithmetic on arrays: ``labels`` (1 malignant, 0 benign) and raw ``scores`` of the same
photos in the same order, both of shape ``(n,)``. A conversion derives a card this way,
and a site its own threshold. Where ``sources`` names the photos' sources, each source
is judged by itself and none is pooled with another (``edge_runtime.evaluation.sources``
says which count).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.intervals import delong_interval, wilson
from edge_runtime.evaluation.metrics import (
    Labels,
    Scores,
    confusion,
    expected_calibration_error,
    roc_auc,
)
from edge_runtime.evaluation.sources import (
    LEAST_MALIGNANT,
    Names,
    is_judged,
    judged_sources,
    photos_by_source,
    threshold_at_recall_of_all,
)
from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.model.evidence import (
    Accuracy,
    FewMalignant,
    Share,
    Threshold,
    Uncertainty,
)
from edge_runtime.model.quantization import Quantization

UNCERTAIN_SHARE = 0.10
"""At most this share of the photos is called uncertain: more, and nobody looks."""


def chosen_threshold(
    labels: Labels,
    scores: Scores,
    *,
    target_recall: float,
    temperature: float,
    output: Quantization,
    split: str,
    sources: Names | None = None,
    at: float | None = None,
) -> Threshold:
    """The highest score of the file that still reaches the target recall everywhere.

    Args:
        labels: 1 for malignant, 0 for benign.
        scores: of the file.
        target_recall: to reach in every source that counts.
        temperature: of the calibration.
        output: of the file.
        split: whose photos these are.
        sources: of the photos; None where they are of one.
        at: a score that was fixed before, in place of that highest one.
    """
    score = at
    if score is None:
        score = threshold_at_recall_of_all(labels, scores, target_recall, sources)
    reached = {
        name: recall_and_specificity(labels[mask], scores[mask], score)
        for name, mask in judged_sources(labels, sources).items()
    }
    lowest = min(reached, key=lambda name: reached[name][0].value)
    recall, specificity = reached[lowest]
    stored = None if output.is_identity else int(output.store(np.array([score]))[0])
    return Threshold(
        score=score,
        stored=stored,
        probability=calibrated(score, temperature),
        target_recall=target_recall,
        split=split,
        recall=recall,
        specificity=specificity,
        rule=threshold_rule(target_recall) if lowest else None,
        source=lowest or None,
    )


def threshold_rule(target_recall: float) -> str:
    """The rule of ``chosen_threshold`` over sources, in words."""
    return (
        f"lowest-source recall: the highest score with recall at least"
        f" {target_recall:g} in every source of at least {LEAST_MALIGNANT} malignant"
        " photos"
    )


def uncertainty_band(
    scores: Scores,
    threshold_score: float,
    *,
    temperature: float,
    share: float = UNCERTAIN_SHARE,
    groups: Sequence[NDArray[np.bool_]] | None = None,
) -> Uncertainty:
    """The widest band below the threshold that holds at most ``share`` of the photos.

    Photos of one score stay together, so an int8 file may have a narrower band, and
    an empty one where very many photos score just below the threshold.

    Args:
        scores: of the file.
        threshold_score: where the band ends.
        temperature: of the calibration.
        share: of the photos that the band holds at most; of every group's.
        groups: masks of the photos of each source that counts; all are one if None.
    """
    parts = [scores] if groups is None else [scores[mask] for mask in groups]
    sizes = np.array([part.size for part in parts])
    # From the threshold downwards: how many photos a band reaching this far holds.
    starts = np.unique(scores[scores < threshold_score])[::-1]
    below = [np.sort(part[part < threshold_score]) for part in parts]
    held = np.array([each.size - np.searchsorted(each, starts) for each in below])
    steps = int((held <= share * sizes[:, None]).all(axis=0).sum())
    low_score = float(starts[steps - 1]) if steps else threshold_score
    held_photos = held[:, steps - 1] if steps else np.zeros_like(sizes)
    fullest = int((held_photos / sizes).argmax())
    of_each = "" if groups is None else " of every source"
    return Uncertainty(
        low_score=low_score,
        low_probability=calibrated(low_score, temperature),
        rule="the widest band below the threshold with at most"
        f" {share:.0%} of photos{of_each}",
        share=share_of(int(held_photos[fullest]), int(sizes[fullest])),
    )


def accuracy(
    labels: Labels,
    scores: Scores,
    threshold_score: float,
    *,
    temperature: float,
    split: str,
) -> Accuracy:
    """How the file does on one set of photos at its own threshold.

    Args:
        labels: 1 for malignant, 0 for benign; both occur at least twice.
        scores: of the file.
        threshold_score: the card's, never one found on these photos unless they are
            those it was chosen on.
        temperature: the card's.
        split: name of the set, such as ``"val"``.
    """
    recall, specificity = recall_and_specificity(labels, scores, threshold_score)
    interval = delong_interval(labels, scores)
    return Accuracy(
        split=split,
        auc=roc_auc(labels, scores),
        auc_low=interval.low,
        auc_high=interval.high,
        recall=recall,
        specificity=specificity,
        expected_calibration_error=expected_calibration_error(
            labels, calibrated(scores, temperature)
        ),
    )


@dataclass(frozen=True)
class SplitAccuracy:
    """What one split tells, source by source.

    Attributes:
        accuracy: one entry for each source with enough photos; one in all where the
            split is of one source.
        few_malignant: the other sources.
    """

    accuracy: tuple[Accuracy, ...]
    few_malignant: tuple[FewMalignant, ...] = ()


def accuracy_by_source(
    labels: Labels,
    scores: Scores,
    threshold_score: float,
    *,
    temperature: float,
    split: str,
    sources: Names | None,
) -> SplitAccuracy:
    """``accuracy`` within each source; over all photos where they are of one.

    Where no source has enough photos, all photos together are measured too, so that a
    file never lacks a figure.
    """

    def on(mask: NDArray[np.bool_]) -> Accuracy:
        return accuracy(
            labels[mask],
            scores[mask],
            threshold_score,
            temperature=temperature,
            split=split,
        )

    everything = np.ones(len(labels), np.bool_)
    if sources is None:
        return SplitAccuracy((on(everything),))
    found, few = [], []
    for name, mask in photos_by_source(sources).items():
        if is_judged(labels[mask]):
            found.append(replace(on(mask), source=name))
            continue
        other = mask & (labels == 0)
        spared = int((scores[other] < threshold_score).sum())
        n = int(other.sum())
        share = share_of(spared, n) if n else None
        few.append(FewMalignant(split, name, int(labels[mask].sum()), share))
    return SplitAccuracy(tuple(found) or (on(everything),), tuple(few))


def share_of(successes: int, n: int) -> Share:
    """A proportion with its 95 % Wilson interval; ``n`` is at least 1."""
    interval = wilson(successes, n)
    return Share(successes / n, interval.low, interval.high, successes, n)


def recall_and_specificity(
    labels: Labels, scores: Scores, threshold: float
) -> tuple[Share, Share]:
    """Recall and specificity of calling scores at or above the threshold."""
    counts = confusion(labels, scores >= threshold)
    return (
        share_of(counts.tp, counts.tp + counts.fn),
        share_of(counts.tn, counts.tn + counts.fp),
    )
