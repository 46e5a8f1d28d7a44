"""The rows of the table: trained networks, and regressions on answers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers.frozen import MUTATION, PLAIN, Probe

COMPLETE = ("age", "region", "itch", "hurt", "bleed", "elevation")
"""Answered for both classes alike: the questions of ``--questions complete``."""

TEMPTING = (*COMPLETE, "sex", "fitzpatrick", "grew", "changed")
"""All of ``--questions all``: the last four are missing far more in one class."""

FROM_RUN, FROM_WEIGHTS = "run", "weights"


@dataclass(frozen=True)
class Trained:
    """A network.

    Attributes:
        name: of its folder.
        title: of its row.
        start: ``"run"``: a finished run of photos alone; ``"weights"``: ImageNet.
        options: further ones of ``training/train.py``.
        extra: whether it is trained only where it is asked for.
    """

    name: str
    title: str
    start: str
    options: tuple[str, ...] = ()
    extra: bool = False

    def words(self, run: Path | None, weights: Sequence[str]) -> tuple[str, ...]:
        """Options of ``training/train.py``."""
        if self.start == FROM_RUN:
            return ("--start", str(run), *self.options)
        return ("--weights", *weights, *self.options)


@dataclass(frozen=True)
class Regression:
    """A logistic regression without a photo.

    Attributes:
        name: of its row in the JSON file.
        title: of its row.
        columns: of the manifest.
        absence_only: whether it is told only if an answer is missing.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    absence_only: bool = False


def _answers(fusion: str, *more: str) -> tuple[str, ...]:
    return ("--answers", fusion, "--questions", "complete", *more)


HIDDEN = ("--hide-answers", "0.3")
TRAINED = (
    Trained("image", "image alone, from a dermoscopic network", FROM_RUN),
    Trained("image_imagenet", "image alone, from ImageNet", FROM_WEIGHTS),
    Trained(
        "concat",
        "image + answers (concat), from a dermoscopic network",
        FROM_RUN,
        _answers("concat", *HIDDEN),
    ),
    Trained(
        "metablock",
        "image + answers (MetaBlock), from a dermoscopic network",
        FROM_RUN,
        _answers("metablock", *HIDDEN),
    ),
    Trained(
        "concat_imagenet",
        "image + answers (concat), from ImageNet",
        FROM_WEIGHTS,
        _answers("concat", *HIDDEN),
    ),
    Trained(
        "concat_plain",
        "concat, no balance: each photo counts the same",
        FROM_RUN,
        _answers("concat", *HIDDEN, "--balance", "none"),
    ),
    Trained(
        "concat_mutation",
        "concat, rarer label filled up by mutation, a + F (b - c)",
        FROM_RUN,
        _answers("concat", *HIDDEN, "--balance", "mutation"),
    ),
    Trained(
        "concat_all",
        "concat, all ten answers: absence tells the label",
        FROM_RUN,
        ("--answers", "concat", "--questions", "all", *HIDDEN),
        extra=True,
    ),
)
REGRESSIONS = (
    Regression("answers", "answers alone: logistic regression", COMPLETE),
    Regression("age", "age alone: logistic regression", ("age",)),
    Regression("tempting", "SHORTCUT: all ten answers, with what is missing", TEMPTING),
    Regression(
        "absence_tempting",
        "SHORTCUT: only which of the ten answers are missing",
        TEMPTING,
        absence_only=True,
    ),
    Regression(
        "absence",
        "probe: only which of the six answers used are missing",
        COMPLETE,
        absence_only=True,
    ),
)
PROBES = (
    Probe("seen", "what a dermoscopic network sees, frozen: image alone", ()),
    Probe("seen_answers", "the same beside the answers, class weights", COMPLETE),
    Probe("seen_plain", "the same, no balance", COMPLETE, PLAIN),
    Probe("seen_mutation", "the same, a + F (b - c)", COMPLETE, MUTATION),
)
