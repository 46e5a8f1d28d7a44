"""What is said about one photo, and the rule that says it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_runtime.evaluation.temperature import calibrated
from edge_runtime.files.strict_json import as_values
from edge_runtime.model.card import ModelCard
from edge_runtime.model.domain import expects
from edge_runtime.model.evidence import Accuracy, headline
from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.quality import DOUBTS, Finding
from edge_runtime.site_calibration.file import SITE_SPLIT, in_force
from edge_runtime.site_calibration.unlabelled import is_moved

VERDICT_FORMAT = 1
NOTICE = "research and education; not a medical device"

INVESTIGATE = "investigate"
UNCERTAIN = "uncertain"
MONITOR = "monitor"
UNUSABLE = "unusable photo"

_PROBABILITY = "The model gives a probability of {probability} that this is malignant"
_NO_VERDICT = "No verdict is given, because the photo has {what} that would mislead the"
_REASONS = {
    INVESTIGATE: f"{_PROBABILITY}. That reaches its threshold of {{threshold}}.",
    UNCERTAIN: f"{_PROBABILITY}: below its threshold of {{threshold}}, but too close to"
    " it, or on too doubtful a photo, to tell.",
    MONITOR: f"{_PROBABILITY}. That is below its threshold of {{threshold}}.",
}


@dataclass(frozen=True)
class Verdict:
    """What a model says about one photo; never a diagnosis.

    Attributes:
        photo: path or name of the photo.
        probability: of malignancy, calibrated; in (0, 1). A figure even for an
            unusable photo, where it means nothing.
        threshold: on the same scale; at or above it the label is malignant.
        label: ``"malignant"`` or ``"other"``; None for an unusable photo, about which
            nothing is said.
        decision: ``"investigate"``, ``"uncertain"``, ``"monitor"`` or
            ``"unusable photo"``.
        reason: why, in a sentence or two with the numbers compared.
        accuracy: how often the model was right at its threshold, on its fairest split;
            None where the threshold was moved by photos without labels, at which
            nothing was measured.
        answers: about the lesion, those that the model was told; empty where it asks
            nothing or was told nothing.
        findings: what is wrong with the photo.
        timings_ms: duration of each step: ``decode``, ``resize``, ``quantise``,
            ``invoke``, ``decide`` (findings and decision), and their ``total``.
        model: the card's name of the model.
        model_sha256: of the model, see ``ModelCard``.
        crop: the square that was judged.
    """

    photo: str
    probability: float
    threshold: float
    label: str | None
    decision: str
    reason: str
    accuracy: Accuracy | None
    answers: Mapping[str, str | float]
    findings: tuple[Finding, ...]
    timings_ms: Mapping[str, float]
    model: str
    model_sha256: str
    crop: Crop = CENTRE

    def to_json(self) -> dict[str, Any]:
        """As JSON values, with the version of this layout and the notice."""
        return {
            "type": "verdict",
            "format": VERDICT_FORMAT,
            "notice": NOTICE,
            **as_values(self),
        }


def verdict_of(
    score: float,
    card: ModelCard,
    findings: tuple[Finding, ...],
    *,
    photo: str,
    timings_ms: Mapping[str, float],
    accepted: Collection[str] = (),
    answers: Mapping[str, str | float] | None = None,
    crop: Crop = CENTRE,
) -> Verdict:
    """All that follows from a score and the findings.

    Args:
        score: raw output of the model, see ``decision``.
        card: of the model that gave the score.
        findings: of the photo.
        photo: path or name.
        timings_ms: see ``Verdict``.
        accepted: names of findings that the site takes no notice of.
        answers: those that the model was told, see ``Verdict``.
        crop: the square that was judged.
    """
    decided = decision(score, card, findings, accepted)
    probability = calibrated(score, card.temperature)
    threshold = card.threshold.probability
    faults = sum(finding.unusable for finding in findings)
    return Verdict(
        photo=photo,
        probability=probability,
        threshold=threshold,
        label=None if decided == UNUSABLE else label(score, card),
        decision=decided,
        reason=reason(decided, probability, threshold, faults=faults),
        accuracy=None if is_moved(card) else headline(card.accuracy),
        answers=dict(answers or {}),
        findings=findings,
        timings_ms=timings_ms,
        model=card.name,
        model_sha256=card.model_sha256,
        crop=crop,
    )


def reason(
    decided: str, probability: float, threshold: float, *, faults: int = 1
) -> str:
    """A sentence or two that say why.

    >>> reason("monitor", 0.25, 0.5).partition(". ")[2]
    'That is below its threshold of 50.0 %.'
    """
    if decided == UNUSABLE:
        what = "a fault" if faults == 1 else "faults"
        return f"{_NO_VERDICT.format(what=what)} model."
    return _REASONS[decided].format(
        probability=percent(probability), threshold=percent(threshold)
    )


def percent(share: float) -> str:
    """A share as per cent with one decimal, not rounded to none or all.

    >>> [percent(share) for share in (0.8314, 0.0001, 1.0)]
    ['83.1 %', '< 0.1 %', '100 %']
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if share < 0.001:
        return "< 0.1 %"
    if share > 0.999:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


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


def _worst_of(card: ModelCard) -> str:
    """Says that the headline is that of the worst of several sources."""
    measured = headline(card.accuracy)
    if measured.source is None:
        return ""
    count = sum(each.split == measured.split for each in card.accuracy)
    return f"; the lowest AUC of {count} sources"


def model_lines(card: ModelCard) -> tuple[str, ...]:
    """Which model judges, how well it does, and what it is not."""
    measured = headline(card.accuracy)
    n = measured.recall.n + measured.specificity.n
    whose = "this site's own" if measured.split == SITE_SPLIT else card.data.name
    which = "the file's own threshold" if is_moved(card) else "this threshold"
    return (
        f"{card.name}: {NOTICE}",
        f"on {measured.photos} ({whose}, {n} photos{_worst_of(card)}) at {which}:"
        f" recall {measured.recall.in_words},"
        f" specificity {measured.specificity.in_words}"
        " (95 % intervals)",
        in_force(card),
        expects(card.photo_kind),
    )
