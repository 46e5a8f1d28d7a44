"""``calibrate`` without labels: score photos, move the threshold, say what it is."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_runtime import logs
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError, SiteFileError
from edge_runtime.evidence import Share
from edge_runtime.metrics import Scores
from edge_runtime.native_log import without_info_lines
from edge_runtime.photo_list import once_each, photos_in
from edge_runtime.progress import ProgressLine
from edge_runtime.site_file import write_site_file
from edge_runtime.site_shift import (
    SHIFT_FORMAT,
    SiteShift,
    band,
    called,
    expected_share,
    moved_threshold,
    score_that_calls,
)
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
    kept, scores = _scored(classifier, photos)
    site = _shift(classifier, kept, scores, settings, len(photos) - len(kept))
    try:
        write_site_file(settings.out, site)
    except OSError as error:
        raise SiteFileError(
            f"{settings.out} cannot be written: {error}. Name another place with --out"
        ) from error
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


def _scored(
    classifier: LesionClassifier, photos: Sequence[Path]
) -> tuple[list[Path], Scores]:
    """The photos that can be judged, and their scores."""
    kept, scores = [], []
    with ProgressLine(stages=False) as line:
        for count, photo in enumerate(photos):
            line.show("scoring photos", count, len(photos))
            try:
                score, findings = classifier.look(photo)
            except PhotoError as error:
                logs.note(f"left out: {error}", photo=photo)
                continue
            if not any(finding.unusable for finding in findings):
                kept.append(photo)
                scores.append(score)
    return kept, np.array(scores, np.float64)


def _lines(site: SiteShift, classifier: LesionClassifier, now: Share) -> list[str]:
    card = classifier.card
    return [
        f"{site.model}: {site.notice}",
        f"{now.n} photos without labels, {site.left_out} left out;"
        f" {site.malignant_share:.0%} of them malignant by your word",
        f"called at the card's threshold: {_in_words(site.called_by_card)};"
        f" expected {site.expected_share:.3f}",
        f"threshold, as a score, {card.threshold.score:.4f} ->"
        f" {site.threshold.score:.4f}, which calls {_in_words(now)}",
        f"were half as many malignant: {site.score_if_half:.4f};"
        f" were twice as many: {site.score_if_double:.4f}",
        "recall and specificity were not measured here: labelled photos alone tell them"
        " (calibrate without --malignant-share)",
    ]


def _in_words(share: Share) -> str:
    return (
        f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f},"
        f" {share.successes} of {share.n})"
    )
