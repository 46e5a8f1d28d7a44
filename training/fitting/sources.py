"""Photos by where they come from: how they are drawn, and how scores do on each.

A source (``source`` of a manifest) is one hospital, camera or collection. Sources
differ in what share of their photos is malignant; a network that recognises the camera
can say that share in place of looking at the lesion. So an epoch draws as many
malignant as benign photos of each source, and scores are judged within each source,
never over photos pooled.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import ManifestError
from edge_runtime.evaluation.metrics import (
    recall,
    roc_auc,
    specificity,
    threshold_at_recall,
)
from edge_runtime.evaluation.sources import LEAST_MALIGNANT, is_judged
from edge_runtime.photos.manifest import SOURCE, LabelledPhoto

CAMERA = "camera"
"""Whose photo it is, where a source republishes those of others. A source may hold
nothing but malignant photos of another's camera; balanced by source alone, that camera
then says malignant. A manifest without this column tells it by ``source`` and
``origin``."""

ORIGIN = "origin"
"""The manifest's column that names the source a photo was taken over from."""

TARGET_RECALL = 0.93
"""Which every source that counts reaches at the common threshold."""

MOST_REPEATS = 4
"""How often an epoch draws the photos of a rare group at most, on average."""

Draws = NDArray[np.int64]


@dataclass(frozen=True)
class BalancedDraws:
    """How many photos of each group an epoch draws.

    Attributes:
        groups: indices of the photos of one source and label each.
        counts: draws from each.
    """

    groups: tuple[Draws, ...]
    counts: tuple[int, ...]

    def __len__(self) -> int:
        """Draws in one epoch."""
        return sum(self.counts)

    def order(self, rng: np.random.Generator) -> tuple[Draws, Draws]:
        """Indices of an epoch's photos, and how often each was drawn before.

        Within a group no photo is drawn once more than another one.

        Returns:
            Two arrays of shape ``(len(self),)``.
        """
        indices, repeats = [], []
        for group, count in zip(self.groups, self.counts, strict=True):
            rounds = -(-count // len(group))
            drawn = np.concatenate([rng.permutation(group) for _ in range(rounds)])
            indices.append(drawn[:count])
            repeats.append(np.repeat(np.arange(rounds), len(group))[:count])
        shuffled = rng.permutation(len(self))
        return np.concatenate(indices)[shuffled], np.concatenate(repeats)[shuffled]


def balanced_draws(
    photos: Sequence[LabelledPhoto], column: str, count: int
) -> BalancedDraws:
    """Draws that give every source the same share and both labels half of it.

    A source whose rarer label would be drawn more than ``MOST_REPEATS`` times an epoch
    gets a smaller share. One that has a single label cannot be balanced: it is left out
    and named.

    Args:
        photos: to learn from.
        column: of the manifest; names the source.
        count: draws in one epoch; some are lost to rounding, or where the rarest
            labels of all sources are too few.

    Raises:
        ManifestError: when the column is missing, or no source has both labels.
    """
    told = SOURCE if column == CAMERA else column
    if any(
        column not in photo.columns and told not in photo.columns for photo in photos
    ):
        raise ManifestError(
            f"the manifest has no column {column!r} to balance by; it has"
            f" {', '.join(photos[0].columns) or 'no further columns'}"
        )
    groups: dict[str, tuple[Draws, Draws]] = {}
    for name, of_source in indices_by_source(photos, column).items():
        malignant = np.array([photos[index].malignant for index in of_source])
        if malignant.all() or not malignant.any():
            print(
                f"{column} {name!r}: {len(of_source)} photos left out, all"
                f" {'malignant' if malignant.all() else 'benign'}; labels cannot be"
                " balanced",
                file=sys.stderr,
            )
            continue
        groups[name] = (of_source[~malignant], of_source[malignant])
    if not groups:
        raise ManifestError(
            f"no {column} of the manifest has malignant and benign photos to learn from"
        )
    most = [MOST_REPEATS * min(map(len, pair)) for pair in groups.values()]
    halves = _filled(most, count // 2)
    return BalancedDraws(
        tuple(group for pair in groups.values() for group in pair),
        tuple(half for half in halves for _ in range(2)),
    )


def _filled(most: Sequence[int], total: int) -> list[int]:
    """Equal parts of ``total``, but none above its own bound; others take the rest."""
    parts = [0] * len(most)
    left = total
    by_bound = sorted(range(len(most)), key=lambda index: most[index])
    for place, index in enumerate(by_bound):
        parts[index] = max(1, min(most[index], left // (len(most) - place)))
        left -= parts[index]
    return parts


def indices_by_source(
    photos: Sequence[LabelledPhoto], column: str = SOURCE
) -> Mapping[str, Draws]:
    """Indices of each source's photos, by its name; "" for a manifest without."""
    known = {photo.columns.get(SOURCE, "") for photo in photos}
    names = np.array([_name(photo, column, known) for photo in photos])
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def _name(photo: LabelledPhoto, column: str, known: Collection[str]) -> str:
    if column != CAMERA or CAMERA in photo.columns:
        return photo.columns.get(column, "")
    origin = photo.columns.get(ORIGIN, "")
    return origin if origin in known and origin else photo.columns.get(SOURCE, "")


@dataclass(frozen=True)
class SourceScores:
    """Scores of one source's photos."""

    labels: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def counts(self) -> bool:
        """Whether there are enough photos for an AUC."""
        return is_judged(self.labels)


def aucs_by_source(by_source: Mapping[str, SourceScores]) -> dict[str, float]:
    """The AUC within each source that has enough photos for one."""
    return {
        name: roc_auc(part.labels, part.scores)
        for name, part in by_source.items()
        if part.counts
    }


def common_threshold(by_source: Mapping[str, SourceScores]) -> float:
    """The highest threshold at which no source that counts has too low a recall.

    Raises:
        ValueError: when no source has enough photos.
    """
    thresholds = [
        threshold_at_recall(part.labels, part.scores, TARGET_RECALL)
        for part in by_source.values()
        if part.counts
    ]
    if not thresholds:
        raise ValueError(f"no source has {LEAST_MALIGNANT} malignant photos")
    return min(thresholds)


def operating_point(
    by_source: Mapping[str, SourceScores], threshold: float
) -> dict[str, dict[str, float]]:
    """Recall and specificity of each source at one threshold; by source.

    Recall is left out where no photo is malignant, specificity where none is benign.
    """
    found: dict[str, dict[str, float]] = {}
    for name, part in by_source.items():
        called = part.scores >= threshold
        both = len(np.unique(part.labels)) == 2
        found[name] = {"photos": len(part.labels), "malignant": int(part.labels.sum())}
        if both:
            found[name] |= {
                "recall": recall(part.labels, called),
                "specificity": specificity(part.labels, called),
            }
        elif not part.labels.any():
            found[name]["specificity"] = float(1 - called.mean())
        else:
            found[name]["recall"] = float(called.mean())
    return found


def validation_metrics(by_source: Mapping[str, SourceScores]) -> dict[str, Any]:
    """What a training record tells of each source.

    Returns:
        ``sources``: ``auc`` where it counts, and ``operating_point`` at ``threshold``;
        ``mean_auc``, ``worst_auc``, ``worst_source`` and ``mean_specificity`` over the
        sources that count. Empty where none does.
    """
    aucs = aucs_by_source(by_source)
    if not aucs:
        return {}
    threshold = common_threshold(by_source)
    points = operating_point(by_source, threshold)
    worst = min(aucs, key=lambda name: aucs[name])
    return {
        "mean_auc": float(np.mean(list(aucs.values()))),
        "worst_auc": aucs[worst],
        "worst_source": worst,
        "threshold": threshold,
        "mean_specificity": float(
            np.mean([points[name]["specificity"] for name in aucs])
        ),
        "sources": {
            name: ({"auc": aucs[name]} if name in aucs else {}) | point
            for name, point in points.items()
        },
    }


def in_words(by_source: Mapping[str, SourceScores]) -> str:
    """A table: AUC, recall and specificity of each source; mean and worst."""
    found = validation_metrics(by_source)
    if not found:
        return (
            f"no source has {LEAST_MALIGNANT} malignant and some benign validation"
            " photos: no AUC by source"
        )
    lines = [
        f"validation by source, threshold {found['threshold']:.4f}: recall at least"
        f" {TARGET_RECALL} in every source with an AUC"
    ]
    for name, point in found["sources"].items():
        words = [
            f"{key} {point[key]:.3f}"
            for key in ("auc", "recall", "specificity")
            if key in point
        ]
        lines.append(
            f"  {name or 'all photos'}: {', '.join(words)}"
            f" ({point['malignant']} of {point['photos']} malignant)"
        )
    lines.append(
        f"  mean AUC {found['mean_auc']:.4f}, worst {found['worst_auc']:.4f}"
        f" ({found['worst_source'] or 'all photos'}), mean specificity"
        f" {found['mean_specificity']:.3f}"
    )
    return "\n".join(lines)
