"""What the pages say about a verdict, in plain language and in one place.

Two rules hold here: no verdict calls a lesion harmless, and recall (malignant lesions
found) never stands without specificity (other lesions left alone).
"""

from dataclasses import dataclass

from edge_runtime.card import ModelCard, Share
from edge_runtime.verdict import INVESTIGATE, UNCERTAIN, UNUSABLE, Verdict

# Between a number and its sign, so that no line ends there.
NO_BREAK = "\N{NO-BREAK SPACE}"

# From the fairest measurement to the most flattering one.
SPLITS = {
    "test_clean": "test photos of lesions not marked as being in training",
    "test": "test photos",
    "val": "validation photos, on which its threshold was chosen",
}


@dataclass(frozen=True)
class Explanation:
    """A verdict for people.

    Attributes:
        heading: the decision.
        reason: why the model decided so, with the numbers compared.
        advice: what to do now, with what the model is known to get wrong.
    """

    heading: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Evidence:
    """How often the model is right at its own threshold.

    Attributes:
        photos: which photos it was measured on, in words.
        recall: malignant lesions at or above the threshold.
        specificity: other lesions below it.
    """

    photos: str
    recall: Share
    specificity: Share

    @property
    def malignant_share(self) -> float:
        """Malignant photos among all that were measured."""
        return self.recall.n / (self.recall.n + self.specificity.n)


def evidence(card: ModelCard) -> Evidence:
    """The fairest measurement on the card."""
    order = list(SPLITS)
    known = [found for found in card.accuracy if found.split in SPLITS]
    fairest = min(
        known, key=lambda found: order.index(found.split), default=card.accuracy[0]
    )
    photos = SPLITS.get(fairest.split, f"photos of the {fairest.split} split")
    return Evidence(photos, fairest.recall, fairest.specificity)


def explanation(verdict: Verdict, card: ModelCard) -> Explanation:
    """Heading, reason and advice for one verdict."""
    if verdict.decision == UNUSABLE:
        return _unusable(verdict)
    probability = percent(verdict.probability)
    threshold = percent(verdict.threshold)
    if verdict.decision == INVESTIGATE:
        reason = (
            f"The model gives a probability of {probability} that this is malignant."
            f" That reaches its threshold of {threshold}."
        )
        return Explanation("Investigate", reason, _advice_to_investigate(card))
    if verdict.decision == UNCERTAIN:
        reason = (
            f"The model gives a probability of {probability} that this is malignant:"
            f" below its threshold of {threshold}, but too close to it to tell."
        )
        return Explanation("Uncertain", reason, _advice_if_uncertain())
    reason = (
        f"The model gives a probability of {probability} that this is malignant."
        f" That is below its threshold of {threshold}."
    )
    return Explanation("Monitor", reason, _advice_to_monitor(card))


def _unusable(verdict: Verdict) -> Explanation:
    faults = sum(finding.unusable for finding in verdict.findings)
    return Explanation(
        "Unusable photo",
        "No verdict is given, because the photo has"
        f" {'a fault' if faults == 1 else 'faults'} that would mislead the model.",
        "Take the photo again: sharp, well lit, straight from above, with the lesion"
        " in the middle. If the lesion worries you, do not wait for a better photo:"
        " show it to a doctor.",
    )


def _advice_to_investigate(card: ModelCard) -> str:
    return (
        "Have a doctor look at this lesion. It need not be cancer: of 100 lesions that"
        " were not malignant, the model flagged"
        f" {_wrong_of_hundred(evidence(card).specificity)} as well."
    )


def _advice_if_uncertain() -> str:
    return (
        "Take another photo, sharper and in even light. If the answer stays uncertain,"
        " have a doctor look at the lesion, as if it had been flagged."
    )


def _advice_to_monitor(card: ModelCard) -> str:
    return (
        "Keep an eye on it. This is no all-clear: of 100 malignant lesions, the model"
        f" left {_wrong_of_hundred(evidence(card).recall)} below its threshold. If the"
        " lesion is new, changes, itches or bleeds, show it to a doctor whatever this"
        " page says."
    )


def _wrong_of_hundred(right: Share) -> str:
    """How many of 100 the model gets wrong, as the range of the interval.

    >>> _wrong_of_hundred(Share(0.95, 0.921, 0.97, 285, 300))
    '3 to 8'
    """
    fewest, most = (round(100 * (1 - end)) for end in (right.high, right.low))
    return str(most) if fewest == most else f"{fewest} to {most}"


def percent(share: float) -> str:
    """A share as per cent with one decimal, not rounded to none or all.

    >>> [percent(share).replace(NO_BREAK, "_") for share in (0.8314, 0.0001, 1.0)]
    ['83.1_%', '<_0.1_%', '100_%']
    """
    if share in (0, 1):
        words = f"{100 * share:.0f} %"
    elif share < 0.001:
        words = "< 0.1 %"
    elif share > 0.999:
        words = "> 99.9 %"
    else:
        words = f"{100 * share:.1f} %"
    return words.replace(" ", NO_BREAK)
