"""A converted file made fit for its target: squares it feeds, classes it names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.source.scoring import MEAN, STD, Photos, file_scores
from convert.targets.resize_in_graph import with_resize
from convert.targets.table import Target
from convert.targets.two_classes import LABELS, with_two_classes
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.evaluation.sources import threshold_at_recall_of_all
from edge_runtime.evaluation.temperature import SMALLEST_SCORE
from edge_runtime.model.interpreter import TfliteModel, open_interpreter

MIDDLE = 0.5
"""The threshold of a two-class head: where the classes change places."""


@dataclass(frozen=True)
class Fitted:
    """A model that its target can use.

    Attributes:
        content: FlatBuffer without a zip.
        labels: of its outputs.
        threshold: score that the head was made for; None where it is still to be found.
        facts: what was done, for the card.
    """

    content: bytes
    labels: tuple[str, ...]
    threshold: float | None
    facts: Mapping[str, str | int | float]

    def shifted(self, scores: Scores) -> Scores:
        """Scores of the model before, on the scale of this one."""
        shift = self.facts.get("logit_shift")
        if shift is None:
            return scores
        clipped = np.clip(scores, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
        odds = np.log(clipped) - np.log1p(-clipped) - float(shift)
        moved: Scores = 1 / (1 + np.exp(-odds))
        return moved


def fitted(body: bytes, target: Target, val: Photos, target_recall: float) -> Fitted:
    """Add what the target demands to a converted model.

    Args:
        body: FlatBuffer with one output.
        target: row of the table of targets.
        val: validation photos at the size that the target feeds; a two-class head is
            made for the threshold found on them.
        target_recall: share of the malignant ones to find.

    Raises:
        ConversionError: when the model cannot be changed in this way, or its top class
            is not the verdict on a photo of ``val``.
    """
    facts: dict[str, str | int | float] = {"target": target.name}
    if target.feeds_px is not None:
        body = with_resize(body, target.feeds_px)
        facts["resized_in_graph_from_px"] = target.feeds_px
    if not target.two_classes:
        return Fitted(body, LABELS[:1], None, facts)
    single = file_scores(open_interpreter(body), val)
    score = threshold_at_recall_of_all(val.labels, single, target_recall, val.sources)
    content, shift = with_two_classes(body, score)
    facts |= {"logit_shift": shift, "threshold_before_shift": score}
    top = top_classes(open_interpreter(content), val)
    other = int((top != (single >= score)).sum())
    if other:
        raise ConversionError(
            f"the top class of the two-class head is not the verdict on {other} of"
            f" {len(top)} validation photos; please report this"
        )
    return Fitted(content, LABELS, MIDDLE, facts)


def top_classes(model: TfliteModel, photos: Photos) -> NDArray[np.bool_]:
    """Whether each photo's highest score is that of malignant, and of nothing else."""
    table = model.input.store_pixels(MEAN, STD)
    outputs = [model.infer(table[pixels][None]) for pixels in photos.pixels]
    return np.array([output[0] > output[1] for output in outputs])
