"""The models that pages show, opened; what they could not show truly is refused."""

import sys
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.model.answers import Question
from edge_runtime.model.card import ModelCard
from edge_runtime.site_calibration.unlabelled import is_moved
from edge_runtime.terminal.native_log import without_info_lines


class ServingError(EdgeRuntimeError):
    """The page cannot be served as asked."""


def opened(paths: Sequence[Path]) -> list[LesionClassifier]:
    """Each model file, at the site's threshold where one was measured.

    Raises:
        ServingError: when two have one name, or mean two things by one question.
        EdgeRuntimeError: when a file cannot be used.
    """
    classifiers = [_opened(path) for path in paths]
    names = [classifier.card.name for classifier in classifiers]
    if len(set(names)) < len(names):
        raise ServingError(
            f"two models have one name: {', '.join(names)}. Give each --model once."
        )
    _refuse_two_meanings([classifier.card for classifier in classifiers])
    return classifiers


def _refuse_two_meanings(cards: Sequence[ModelCard]) -> None:
    """The form has one field for all models that ask a question of one name."""
    asked: dict[str, tuple[str, Question]] = {}
    for card in cards:
        for question in card.answers.questions if card.answers else ():
            name, first = asked.setdefault(question.name, (card.name, question))
            if _meaning(first) != _meaning(question):
                raise ServingError(
                    f"{name} and {card.name} both ask about {question.name}, and allow"
                    f" different answers: {first.allowed}; and {question.allowed}."
                    " Serve them from two ports."
                )


def _meaning(question: Question) -> tuple[object, ...]:
    return frozenset(question.values), question.low, question.high


def _opened(path: Path) -> LesionClassifier:
    """At the site's threshold, unless it was moved without labels.

    The pages promise recall and specificity beside each verdict.
    """
    with without_info_lines():
        classifier = LesionClassifier.load(path)
    if not is_moved(classifier.card):
        return classifier
    print(
        f"{path}: the site's threshold came without labels and is left aside",
        file=sys.stderr,
    )
    with without_info_lines():
        return LesionClassifier.load(path, site=False)
