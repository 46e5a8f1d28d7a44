"""The verb ``calibrate``: a site's own threshold from its own labelled photos."""

import argparse
import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.evaluation.metrics import Scores
from edge_runtime.evaluation.temperature import fitted_temperature
from edge_runtime.model.evidence import Accuracy, Share
from edge_runtime.model.operating_point import (
    accuracy,
    chosen_threshold,
    uncertainty_band,
)
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.site_calibration.file import (
    SITE_FORMAT,
    SITE_SPLIT,
    SiteCalibration,
    site_path,
    write_site_file,
)
from edge_runtime.site_calibration.labelled import held_out_accuracy, refuse_too_few
from edge_runtime.site_calibration.photos import SitePhoto, site_photos
from edge_runtime.site_calibration.unlabelled import (
    SHIFT_FORMAT,
    SiteShift,
    band,
    called,
    expected_share,
    moved_threshold,
    score_that_calls,
)
from edge_runtime.terminal import logs
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE


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


@dataclass(frozen=True)
class UnlabelledSettings:
    """What the command line asks for; one field per option."""

    model: Path
    photos: Path
    malignant_share: float
    out: Path


def move(settings: UnlabelledSettings) -> int:
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
    for line in _unlabelled_lines(
        site, classifier, called(scores, site.threshold.score)
    ):
        print(line)
    print(f"written: {settings.out}")
    return 0


def _shift(
    classifier: LesionClassifier,
    kept: Sequence[Path],
    scores: Scores,
    settings: UnlabelledSettings,
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


def _unlabelled_lines(
    site: SiteShift, classifier: LesionClassifier, now: Share
) -> list[str]:
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


DETAILS = """\
Scores the photos, fits the temperature, and puts the threshold at the highest score
that still finds the target share of the malignant lesions. Writes MODEL.site.json
beside the model, with its evidence; classify uses it from then on (--no-site: not).

With --malignant-share the photos need no labels: the threshold moves to where it calls
as many as the card's recall and specificity let expect at that share. Recall at a site
is not measured then, and every door says so. A share stated too low costs recall (half
of the true one took it from 0.96 to 0.77 in benchmarks/robustness/site_bench.py):
rather too high.

photos: a folder with the sub-folders malignant and benign (or other), or a manifest.csv
(its train split is left out: a model's own training photos would flatter it).

exit status: 0 written; 1 too few photos, or the model cannot be used; 2 wrong usage.
"""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    photos: Path
    target_recall: float
    out: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's words."""
    parser.add_argument("model", type=Path, help="a .tflite file of this toolkit")
    parser.add_argument(
        "--photos", type=Path, required=True, help="labelled folder or manifest.csv"
    )
    parser.add_argument(
        "--target-recall",
        type=_share,
        default=0.95,
        help="share of the malignant lesions to find; 0.95 unless given",
    )
    parser.add_argument(
        "--malignant-share",
        type=_share,
        metavar="SHARE",
        help="do without labels: this share of the photos is malignant, such as 0.1",
    )
    parser.add_argument("--out", type=Path, help="site file; MODEL.site.json if absent")


def run(words: argparse.Namespace) -> int:
    """Do what the parsed words ask for; returns the exit status.

    Raises:
        EdgeRuntimeError: when there are too few photos, or the model cannot be used.
    """
    out = words.out or site_path(words.model)
    if words.malignant_share is not None:
        return move(
            UnlabelledSettings(words.model, words.photos, words.malignant_share, out)
        )
    return calibrate(Settings(words.model, words.photos, words.target_recall, out))


def calibrate(settings: Settings) -> int:
    """Score the photos, derive the site's operating point and write it.

    Raises:
        EdgeRuntimeError: when there are too few photos, or the model cannot be used.
    """
    photos = site_photos(settings.photos)
    with without_info_lines():
        classifier = LesionClassifier.load(settings.model, site=False)
    site = _site(classifier, photos, settings)
    write_site_file(settings.out, site)
    for line in _lines(site, classifier, settings):
        print(line)
    return 0


def _site(
    classifier: LesionClassifier, photos: Sequence[SitePhoto], settings: Settings
) -> SiteCalibration:
    card, target = classifier.card, settings.target_recall
    places, scores = scored_photos(classifier, [photo.path for photo in photos])
    kept = [photos[place] for place in places]
    labels = np.array([int(photo.malignant) for photo in kept], np.int64)
    lesions = np.array([photo.lesion for photo in kept], dtype=np.str_)
    malignant, other = refuse_too_few(labels, lesions, target)
    temperature = fitted_temperature(labels, scores)
    threshold = chosen_threshold(
        labels,
        scores,
        target_recall=target,
        temperature=temperature,
        output=card.output.quantization,
        split=SITE_SPLIT,
    )
    return SiteCalibration(
        format=SITE_FORMAT,
        notice=NOTICE,
        model=card.name,
        model_sha256=card.model_sha256,
        created=datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        photos=str(settings.photos),
        photos_sha256=_digest(kept),
        lesions_malignant=malignant,
        lesions_other=other,
        left_out=len(photos) - len(kept),
        temperature=temperature,
        threshold=threshold,
        uncertainty=uncertainty_band(scores, threshold.score, temperature=temperature),
        accuracy=held_out_accuracy(
            labels,
            scores,
            lesions,
            target_recall=target,
            threshold_score=threshold.score,
            temperature=temperature,
        ),
        card_threshold_accuracy=accuracy(
            labels,
            scores,
            card.threshold.score,
            temperature=card.temperature,
            split=SITE_SPLIT,
        ),
    )


def _digest(photos: Sequence[SitePhoto]) -> str:
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(b"1" if photo.malignant else b"0")
        digest.update(hashlib.sha256(photo.path.read_bytes()).digest())
    return digest.hexdigest()


def _lines(
    site: SiteCalibration, classifier: LesionClassifier, settings: Settings
) -> list[str]:
    card, threshold = classifier.card, site.threshold
    return [
        f"{site.model}: {site.notice}",
        f"{site.lesions_malignant} malignant and {site.lesions_other} other lesions;"
        f" {site.left_out} photos left out",
        f"temperature {card.temperature:g} -> {site.temperature:g}",
        f"threshold, as a score, {card.threshold.score:.4f} -> {threshold.score:.4f}",
        f"at the card's threshold: {_both(site.card_threshold_accuracy)}",
        f"at the site's, on photos it was not chosen on: {_both(site.accuracy)}",
        f"AUC {site.accuracy.auc:.3f} ({site.accuracy.auc_low:.3f} to"
        f" {site.accuracy.auc_high:.3f}); 95 % intervals in brackets",
        f"written: {settings.out}",
    ]


def _both(measured: Accuracy) -> str:
    return (
        f"recall {measured.recall.counted}, specificity {measured.specificity.counted}"
    )


def _share(word: str) -> float:
    number = float(word)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"must lie in (0, 1], got {number}")
    return number
