"""From raw scores to AUC, recall and specificity with their intervals."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.measurement import PhotoScore
from benchmarks.results.figures import (
    Drawn,
    Judged,
    drawn_figures,
    mean_figures,
    quality_detail,
)
from benchmarks.results.result import OverSources, Quality
from edge_runtime.evaluation.intervals import Interval, delong_interval, wilson
from edge_runtime.evaluation.metrics import confusion, roc_auc
from edge_runtime.evaluation.sources import is_judged
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
        _quality(name, photos, threshold, temperature, resamples)[0]
        for name, photos in sets.items()
    )


@dataclass(frozen=True)
class BySource:
    """Quality of one file, source by source.

    Attributes:
        quality: one entry per source, then one per origin within a source that has
            enough photos, and one per group within a source.
        over_sources: means; None where no source has enough photos.
    """

    quality: tuple[Quality, ...]
    over_sources: OverSources | None


def quality_by_source(
    scores: Sequence[PhotoScore],
    split: str,
    *,
    threshold: float,
    temperature: float,
    groups: Mapping[str, str] | None = None,
    resamples: int = 2000,
) -> BySource:
    """Quality within each source, on photos whose lesion is not in training.

    A source with fewer than ``LEAST_MALIGNANT`` malignant photos tells its specificity
    only. Where a source's photos came through several cameras or copies (``origin``),
    each that has enough photos is judged by itself too: there no camera tells the
    label. Nothing is ever pooled over sources.

    Args:
        scores: of the split's photos, with their sources.
        split: its name.
        threshold: at or above it, a raw score means malignant.
        temperature: of the calibration.
        groups: by photo, what group it belongs to, in words.
        resamples: of the bootstrap.
    """
    clean = [photo for photo in scores if not photo.lesion_in_train]
    sets = {
        source: [photo for photo in clean if photo.source == source]
        for source in sorted({photo.source or "" for photo in clean})
    }
    found, drawn = [], {}
    for seed, (source, photos) in enumerate(sets.items()):
        # Of its own seed: the mean's interval wants sources drawn independently.
        quality, figures = _quality(
            f"{split}_clean of {source}",
            photos,
            threshold,
            temperature,
            resamples,
            seed,
        )
        if not is_judged(_labels(photos)):
            quality = _specificity_only(quality, photos, threshold)
        elif figures is not None:
            drawn[source] = figures
        found.append(dataclasses.replace(quality, source=source))
    for source, photos in sets.items():
        for name, part in _parts(photos, groups or {}).items():
            name = f"{split}_clean of {source}, {name}"
            quality = _quality(name, part, threshold, temperature, resamples)[0]
            found.append(dataclasses.replace(quality, source=source))
    return BySource(tuple(found), _over_sources(drawn) if drawn else None)


def _parts(
    photos: Sequence[PhotoScore], groups: Mapping[str, str]
) -> dict[str, list[PhotoScore]]:
    """Photos of one source by origin, where that is judged alone, and by group."""
    origins = sorted({photo.origin for photo in photos if photo.origin})
    by_origin = {
        f"origin {origin} only": [photo for photo in photos if photo.origin == origin]
        for origin in origins
    }
    parts = {
        name: part
        for name, part in by_origin.items()
        if len(part) < len(photos) and is_judged(_labels(part))
    }
    for group in sorted({groups[p.photo] for p in photos if p.photo in groups}):
        parts[group] = [photo for photo in photos if groups.get(photo.photo) == group]
    return parts


def _labels(photos: Sequence[PhotoScore]) -> NDArray[np.int64]:
    return np.array([int(photo.malignant) for photo in photos], np.int64)


def _specificity_only(
    quality: Quality, photos: Sequence[PhotoScore], threshold: float
) -> Quality:
    """Without the figures that few malignant photos cannot carry."""
    spared = sum(x.score < threshold for x in photos if not x.malignant)
    nothing = Quality(
        quality.photos,
        quality.malignant,
        quality.other,
        quality.unusable,
        *[None] * 6,
    )
    if not quality.other:
        return nothing
    return dataclasses.replace(nothing, specificity=share(spared, quality.other))


def _over_sources(drawn: Mapping[str, Drawn]) -> OverSources:
    mean = mean_figures(list(drawn.values()))
    names = ("auc", "pauc", "recall", "specificity", "calibration_error")
    return OverSources(
        tuple(drawn),
        min(drawn, key=lambda source: float(drawn[source].once["auc"][0])),
        **{name: mean.estimate(name) for name in names},
    )


def _quality(
    name: str,
    photos: Sequence[PhotoScore],
    threshold: float,
    temperature: float,
    resamples: int,
    seed: int = 0,
) -> tuple[Quality, Drawn | None]:
    """The figures, and the resamples that their intervals come from."""
    malignant = sum(photo.malignant for photo in photos)
    other = len(photos) - malignant
    unusable = sum(not photo.usable for photo in photos)
    if min(malignant, other) < 2:
        # No interval comes out of fewer; nothing is better than half an answer.
        return Quality(name, malignant, other, unusable, *[None] * 6), None
    labels = _labels(photos)
    scores = np.array([photo.score for photo in photos], np.float64)
    # A lesion's photos are drawn together; the label keeps a mislabelled lesion apart.
    lesions = np.array([f"{photo.malignant} {photo.lesion}" for photo in photos])
    counts = confusion(labels, scores >= threshold)
    judged = Judged(labels, scores, lesions, threshold, temperature)
    drawn = drawn_figures(judged, resamples, seed)
    detail = quality_detail(drawn)
    found = Quality(
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
    return found, drawn


def quality_on_card(card: ModelCard) -> Quality:
    """What a card states about its cleanest set of photos; nothing is measured."""
    accuracy = headline(card.accuracy)
    return Quality(
        photos=f"{accuracy.photos} (from the card)",
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
