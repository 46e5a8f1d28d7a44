"""What the pages say about a verdict, in plain language.

The sentences stand in ``static/strings.en.json``, the one file to translate; the
scripts of the pages read the same file. Two rules hold: no verdict calls a lesion
harmless, and recall (malignant lesions found) never stands without specificity (other
lesions left alone).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_runtime import verdict as runtime
from edge_runtime.model.card import ModelCard, Share
from edge_runtime.model.evidence import Accuracy, headline
from edge_runtime.photos.quality import DOUBTS, Finding
from edge_runtime.site_calibration.file import SITE_SPLIT
from edge_runtime.verdict import INVESTIGATE, UNCERTAIN, UNUSABLE, Verdict

STRINGS: Mapping[str, str] = json.loads(
    (Path(__file__).parent / "static/strings.en.json").read_text(encoding="utf-8")
)

# Between a number and its sign, so that no line ends there.
NO_BREAK = "\N{NO-BREAK SPACE}"

# Those that there are words for.
SPLITS = ("site", "test_clean", "test", "val")


def say(key: str, **values: object) -> str:
    """The sentence ``key`` of the strings file, with its places filled."""
    return STRINGS[key].format(**values)


def question_words(name: str) -> str:
    """A question of a card in words; its name where there are none."""
    return STRINGS.get(f"question.{name}", name)


def answer_words(answer: str | float) -> str:
    """An answer in words; itself where there are none."""
    return STRINGS.get(f"answer.{answer}", f"{answer}")


def numbers_words(recipe: str) -> str:
    """In which numbers a file computes; its recipe where there are no words."""
    return STRINGS.get(f"numbers.{recipe}", recipe)


def finding_words(finding: Finding, size_px: int) -> str:
    """What is wrong with a photo; ``size_px`` is the side of the model's input.

    >>> finding_words(Finding("clipped", 0.125, 0.01, False, ""), 64)
    '12% is pure black or white; avoid glare and borders'
    """
    return say(
        f"finding.{finding.name}",
        short=f"{finding.value:.0f}",
        size=size_px,
        share=f"{100 * finding.value:.0f}",
    )


def finding_sentence(finding: Finding, size_px: int) -> str:
    """The same as a sentence, with a full stop unless it asks something."""
    words = finding_words(finding, size_px)
    return words if words.endswith("?") else f"{words}."


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
        data: the set that they belong to.
        recall: malignant lesions at or above the threshold.
        specificity: other lesions below it.
    """

    photos: str
    data: str
    recall: Share
    specificity: Share

    @property
    def malignant_share(self) -> float:
        """Malignant photos among all that were measured."""
        return self.recall.n / (self.recall.n + self.specificity.n)


def evidence(card: ModelCard) -> Evidence:
    """The fairest measurement on the card."""
    fairest = headline(card.accuracy)
    own = fairest.split == SITE_SPLIT
    data_set = say("evidence.site") if own else card.data.name
    return Evidence(photos_of(fairest), data_set, fairest.recall, fairest.specificity)


def photos_of(measured: Accuracy) -> str:
    """Which photos these figures were measured on, in words."""
    if measured.split in SPLITS:
        photos = say(f"split.{measured.split}")
    else:
        photos = say("split.other", split=measured.split)
    if measured.source is None:
        return photos
    return say("split.of_source", photos=photos, source=measured.source)


def explanation(verdict: Verdict, card: ModelCard) -> Explanation:
    """Heading, reason and advice for one verdict."""
    heading = say(f"decision.{verdict.decision}")
    if verdict.decision == UNUSABLE:
        faults = sum(finding.unusable for finding in verdict.findings)
        reason = say(f"reason.unusable.{'one' if faults == 1 else 'more'}")
        return Explanation(heading, reason, say("advice.unusable"))
    told = {
        "probability": percent(verdict.probability),
        "threshold": percent(verdict.threshold),
    }
    if verdict.decision == UNCERTAIN:
        cause = _cause(verdict, card)
        reason = say(f"reason.uncertain.{cause}", **told)
        return Explanation(heading, reason, say(f"advice.uncertain.{cause}"))
    measured = evidence(card)
    flagged = verdict.decision == INVESTIGATE
    wrong = _wrong_of_hundred(measured.specificity if flagged else measured.recall)
    return Explanation(
        heading,
        say(f"reason.{verdict.decision}", **told),
        say(f"advice.{verdict.decision}", wrong=wrong),
    )


def _cause(verdict: Verdict, card: ModelCard) -> str:
    """What made a verdict uncertain: the score, the photo, or both."""
    if not any(finding.name in DOUBTS for finding in verdict.findings):
        return "close"
    is_close = verdict.probability >= card.uncertainty.low_probability
    return "both" if is_close else "doubt"


def with_interval(share: Share) -> str:
    """A measured share with its interval."""
    value, low, high = (percent(each) for each in (share.value, share.low, share.high))
    return say("evidence.share", value=value, low=low, high=high)


def _wrong_of_hundred(right: Share) -> str:
    """How many of 100 the model gets wrong, as the range of the interval.

    >>> _wrong_of_hundred(Share(0.95, 0.921, 0.97, 285, 300))
    '3 to 8'
    """
    fewest, most = (round(100 * (1 - end)) for end in (right.high, right.low))
    return str(most) if fewest == most else say("range", fewest=fewest, most=most)


def percent(share: float) -> str:
    """A share as per cent, kept on one line.

    >>> percent(0.0001).replace(NO_BREAK, "_")
    '<_0.1_%'
    """
    return runtime.percent(share).replace(" ", NO_BREAK)
