"""The scores of a site's photos, whether they have labels or not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.terminal import logs
from edge_runtime.terminal.progress import ProgressLine


def scored_photos(
    classifier: LesionClassifier, photos: Sequence[Path]
) -> tuple[list[int], Scores]:
    """Places of the photos that can be judged, and their scores.

    Those that cannot be read are noted in the log; they and the unusable ones are left
    out.
    """
    places, scores = [], []
    with ProgressLine(stages=False) as line:
        for place, photo in enumerate(photos):
            line.show("scoring photos", place, len(photos))
            try:
                score, findings = classifier.look(photo)
            except PhotoError as error:
                logs.note(f"left out: {error}", photo=photo)
                continue
            if not any(finding.unusable for finding in findings):
                places.append(place)
                scores.append(score)
    return places, np.array(scores, np.float64)
