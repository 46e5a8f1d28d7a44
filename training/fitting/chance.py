"""Whether a finished network knows more than chance does, told by validation photos."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.intervals import delong_interval
from edge_runtime.evaluation.metrics import roc_auc
from training.fitting.sources import SourceScores

_LEAST = 2
"""Photos of each label, for an interval."""


def no_better_than_chance(by_source: Mapping[str, SourceScores]) -> str | None:
    """What was found, where in no source the interval of the AUC lies above 0.5.

    Args:
        by_source: scores of the validation photos, by the source's name. Sources with
            fewer than two photos of a label are left aside.

    Returns:
        The figures in words; None where a source is better than chance, or where no
        source can tell.
    """
    able = {name: part for name, part in by_source.items() if _can_tell(part)}
    if any(_low(part) > 0.5 for part in able.values()) or not able:
        return None
    if all(np.ptp(part.scores) == 0 for part in able.values()):
        return "it gives every validation photo the same score"
    told = [_in_words(name, part) for name, part in able.items()]
    return f"validation AUC {'; '.join(told)}; chance is 0.5"


def _can_tell(part: SourceScores) -> bool:
    malignant = int(part.labels.sum())
    return min(malignant, len(part.labels) - malignant) >= _LEAST


def _low(part: SourceScores) -> float:
    return delong_interval(part.labels, part.scores).low


def _in_words(name: str, part: SourceScores) -> str:
    interval = delong_interval(part.labels, part.scores)
    auc = roc_auc(part.labels, part.scores)
    named = f" in {name}" if name else ""
    return f"{auc:.2f} ({interval.low:.2f} to {interval.high:.2f}){named}"


def what_to_do(photos: int, epochs: Sequence[int], labels: NDArray[np.int64]) -> str:
    """Advice that fits how long it was trained and on what.

    Args:
        photos: that it learnt from.
        epochs: of each cycle.
        labels: 1 for malignant, of the validation photos.
    """
    return (
        f"It learnt from {photos:,} photos in {sum(epochs)} epochs. Train longer"
        " (--epochs), start from weights (--weights), or add photos; then look whether"
        " the manifest's labels are right. Validation has"
        f" {int(labels.sum())} malignant of {labels.size} photos."
    )
