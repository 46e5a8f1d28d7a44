"""What is said about one photo, and the rule that says it."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_runtime.card import ModelCard
from edge_runtime.quality import DOUBTS, Finding

VERDICT_FORMAT = 1
NOTICE = "research and education; not a medical device"

INVESTIGATE = "investigate"
UNCERTAIN = "uncertain"
MONITOR = "monitor"
UNUSABLE = "unusable photo"


@dataclass(frozen=True)
class Verdict:
    """What a model says about one photo; never a diagnosis.

    Attributes:
        photo: path or name of the photo.
        probability: of malignancy, calibrated; in (0, 1). A figure even for an
            unusable photo, where it means nothing.
        threshold: on the same scale; at or above it the label is malignant.
        label: ``"malignant"`` or ``"other"``.
        decision: ``"investigate"``, ``"uncertain"``, ``"monitor"`` or
            ``"unusable photo"``.
        findings: what is wrong with the photo.
        timings_ms: duration of each step: ``decode``, ``resize``, ``quantise``,
            ``invoke``, ``decide`` (findings and decision), and their ``total``.
        model: the card's name of the model.
        model_sha256: of the model, see ``ModelCard``.
    """

    photo: str
    probability: float
    threshold: float
    label: str
    decision: str
    findings: tuple[Finding, ...]
    timings_ms: Mapping[str, float]
    model: str
    model_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As JSON values, with the version of this layout and the notice."""
        return {
            "type": "verdict",
            "format": VERDICT_FORMAT,
            "notice": NOTICE,
            **dataclasses.asdict(self),
        }


def label(score: float, card: ModelCard) -> str:
    """The card's word for a score: its first label at or above the threshold."""
    malignant, other = card.output.labels
    return malignant if score >= card.threshold.score else other


def decision(
    score: float,
    card: ModelCard,
    findings: Sequence[Finding],
    accepted: Collection[str] = (),
) -> str:
    """What to do about a lesion.

    Where it is doubtful that a lesion was photographed, the answer is never "monitor".

    Args:
        score: raw output of the model. It is compared with the card's raw scores,
            not with probabilities, so that no rounding moves a photo across.
        card: of the model that gave the score.
        findings: of the photo.
        accepted: names of findings that the site takes no notice of.
    """
    if any(finding.unusable for finding in findings):
        return UNUSABLE
    if score >= card.threshold.score:
        return INVESTIGATE
    doubts = DOUBTS.difference(accepted)
    doubtful = any(finding.name in doubts for finding in findings)
    return UNCERTAIN if doubtful or score >= card.uncertainty.low_score else MONITOR
