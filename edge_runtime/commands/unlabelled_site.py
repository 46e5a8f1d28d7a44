"""``calibrate`` without labels: score photos, move the threshold, say what it is."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.commands.site_scoring import scored_photos
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.model.evidence import Share
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.site_calibration.file import write_site_file
from edge_runtime.site_calibration.unlabelled import (
    SHIFT_FORMAT,
    SiteShift,
    band,
    called,
    expected_share,
    moved_threshold,
    score_that_calls,
)
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    photos: Path
    malignant_share: float
    out: Path


def move(settings: Settings) -> int:
    """Score the photos, move the threshold and write it; returns the exit status.

    Raises:
        EdgeRuntimeError: when there are too few photos, or the model cannot be used.
    """
    photos = once_each(photos_in([settings.photos]))
    with without_info_lines():
        classifier = LesionClassifier.load(settings.model, site=False)
    places, scores = scored_photos(classifier, photos)
    kept = [photos[place] for place in places]
    site = _shift(classifier, kept, scores, settings, len(photos) - len(kept))
    write_site_file(settings.out, site)
    for line in _lines(site, classifier, called(scores, site.threshold.score)):
        print(line)
    print(f"written: {settings.out}")
    return 0


def _shift(
    classifier: LesionClassifier,
    kept: Sequence[Path],
    scores: Scores,
    settings: Settings,
    left_out: int,
) -> SiteShift:
    card, stated = classifier.card, settings.malignant_share
    share = expected_share(card, stated)
    threshold = moved_threshold(card, scores, share)
    half, double = (
        score_that_calls(scores, expected_share(card, min(1.0, stated * factor)))
        for factor in (0.5, 2.0)
    )
    digest = hashlib.sha256()
    for photo in kept:
        digest.update(hashlib.sha256(photo.read_bytes()).digest())
    return SiteShift(
        format=SHIFT_FORMAT,
        notice=NOTICE,
        model=card.name,
        model_sha256=card.model_sha256,
        created=datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        photos=str(settings.photos),
        photos_sha256=digest.hexdigest(),
        left_out=left_out,
        malignant_share=stated,
        expected_share=share,
        called_by_card=called(scores, card.threshold.score),
        threshold=threshold,
        score_if_half=half,
        score_if_double=double,
        uncertainty=band(card, scores, threshold.score),
    )


def _lines(site: SiteShift, classifier: LesionClassifier, now: Share) -> list[str]:
    card = classifier.card
    return [
        f"{site.model}: {site.notice}",
        f"{now.n} photos without labels, {site.left_out} left out;"
        f" {site.malignant_share:.0%} of them malignant by your word",
        f"called at the card's threshold: {site.called_by_card.counted};"
        f" expected {site.expected_share:.3f}",
        f"threshold, as a score, {card.threshold.score:.4f} ->"
        f" {site.threshold.score:.4f}, which calls {now.counted}",
        f"were half as many malignant: {site.score_if_half:.4f};"
        f" were twice as many: {site.score_if_double:.4f}",
        "recall and specificity were not measured here: labelled photos alone tell them"
        " (calibrate without --malignant-share)",
    ]
