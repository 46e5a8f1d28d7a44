"""The models that pages show, opened; what they could not show truly is refused."""

import sys
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.site_shift import is_moved


class ServingError(EdgeRuntimeError):
    """The page cannot be served as asked."""


def opened(paths: Sequence[Path]) -> list[LesionClassifier]:
    """Each model file, at the site's threshold where one was measured.

    Raises:
        ServingError: when two have one name.
        EdgeRuntimeError: when a file cannot be used.
    """
    classifiers = [_opened(path) for path in paths]
    names = [classifier.card.name for classifier in classifiers]
    if len(set(names)) < len(names):
        raise ServingError(
            f"two models have one name: {', '.join(names)}. Give each --model once."
        )
    return classifiers


def _opened(path: Path) -> LesionClassifier:
    """At the site's threshold, unless it was moved without labels.

    The pages promise recall and specificity beside each verdict.
    """
    classifier = LesionClassifier.load(path)
    if not is_moved(classifier.card):
        return classifier
    print(
        f"{path}: the site's threshold came without labels and is left aside",
        file=sys.stderr,
    )
    return LesionClassifier.load(path, site=False)
