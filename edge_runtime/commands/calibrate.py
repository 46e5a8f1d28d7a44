"""The verb ``calibrate``: a site's own threshold from its own labelled photos."""

import argparse
import dataclasses
import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError, SiteGateError
from edge_runtime.evaluation.metrics import Labels, Scores
from edge_runtime.evaluation.temperature import fitted_temperature
from edge_runtime.model.card import ModelCard
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
    card_in_force,
    in_force,
    refuse_no_place,
    site_path,
    write_site_file,
)
from edge_runtime.site_calibration.labelled import (
    aimed_recall,
    held_out_accuracy,
    refuse_contradiction,
    refuse_too_few,
)
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

SOME_FAILED = 3
"""Exit status where a site file was written, and photos could not be read."""


def scored_photos(
    classifier: LesionClassifier, photos: Sequence[Path]
) -> tuple[list[int], Scores, int]:
    """Places of the photos that can be judged, their scores, and how many failed.

    Those that cannot be read are named in the log; they and the unusable ones, which
    are named too, are left out.
    """
    places, scores, failed = [], [], 0
    with ProgressLine(stages=False) as line:
        for place, photo in enumerate(photos):
            line.show("scoring photos", place, len(photos))
            try:
                score, findings = classifier.look(photo)
            except PhotoError as error:
                logs.error(f"left out: {error}", photo=photo)
                failed += 1
                continue
            unusable = [finding.name for finding in findings if finding.unusable]
            if unusable:
                names = ", ".join(unusable)
                logs.note(f"left out: {photo} is unusable ({names})", photo=photo)
                continue
            places.append(place)
            scores.append(score)
    return places, np.array(scores, np.float64), failed


@dataclass(frozen=True)
class UnlabelledSettings:
    """What the command line asks for; one field per option."""

    model: Path
    photos: Path
    malignant_share: float
    out: Path
    accept: bool = False


# Four sources in the place of sites, benchmarks/robustness/site_bench.py: on each the
# moved threshold lost recall (up to 0.07) or specificity (up to 0.29).
_UNCHECKED = (
    "without labels nothing shows that the moved threshold is better: on four known"
    " sources it gained specificity only where it lost recall, or the reverse"
)


def move(settings: UnlabelledSettings) -> int:
    """Score the photos, move the threshold and write it; returns the exit status.

    Raises:
        SiteGateError: unless it is accepted that nothing was measured.
        EdgeRuntimeError: when there are too few photos, or the model cannot be used.
    """
    photos = once_each(photos_in([settings.photos]))
    with without_info_lines():
        classifier = LesionClassifier.load(settings.model, site=False)
    refuse_no_place(settings.out)
    places, scores, failed = scored_photos(classifier, photos)
    kept = [photos[place] for place in places]
    site = _shift(classifier, kept, scores, settings, len(photos) - len(kept))
    for line in _unlabelled_lines(
        site, classifier, called(scores, site.threshold.score)
    ):
        print(line)
    if not settings.accept:
        _, source = card_in_force(classifier.card, settings.model)
        raise SiteGateError(
            f"{_UNCHECKED}. Nothing was written; {source or 'the card'} stays in force."
            " Label photos, or write it all the same with --accept."
        )
    write_site_file(settings.out, site)
    print(f"written: {settings.out}")
    logs.note(f"accepted: {_UNCHECKED}")
    return SOME_FAILED if failed else 0


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
Scores the photos, fits the temperature, and puts the threshold at the highest score at
which other malignant lesions too can be expected to be found in the target share: it
finds somewhat more of those it is chosen on. Writes MODEL.site.json
beside the model, with its evidence; classify, camera, Python and the web page use it
from then on, and say so (--site none: not).

Nothing is written when, on photos that the threshold was not chosen on, recall is below
the target, or recall or specificity fell behind what was in force on the same photos
without the other gaining; both are printed, and --accept writes it all the same. Labels
that the scores contradict (exchanged, or given at random) are refused.

With --malignant-share the photos need no labels: the threshold moves to where it calls
as many as the card's recall and specificity let expect at that share. Recall at a site
is not measured then, and every interface says so. So nothing is written without
--accept: on four known sources the moved threshold gained specificity where it lost
recall, or the reverse. A share stated too low costs recall: rather too high.

photos: a folder with the sub-folders malignant and benign (or other), also in train,
val and test, or a manifest.csv. Of splits only val counts unless --split says
otherwise: a model's own training photos would flatter it, and test photos are there to
judge it.

exit status: 0 written; 1 too few photos, labels that contradict the scores, or the
model cannot be used; 2 wrong usage; 3 written, but photos could not be read; 4 not
written, as it would be worse or was not measured.
"""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    photos: Path
    target_recall: float
    out: Path
    split: str = "val"
    accept: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
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
    parser.add_argument(
        "--split",
        choices=("val", "test", "all"),
        default="val",
        help="which photos of a manifest or of split folders to use; all: val and test."
        " val unless given",
    )
    parser.add_argument(
        "--accept",
        action="store_true",
        help="write it although it is worse than the target or what is in force, or"
        " although nothing was measured (--malignant-share)",
    )
    parser.add_argument("--out", type=Path, help="site file; MODEL.site.json if absent")


def run(options: argparse.Namespace) -> int:
    """Do what the parsed options ask for; returns the exit status.

    Raises:
        EdgeRuntimeError: when there are too few photos, or the model cannot be used.
    """
    out = options.out or site_path(options.model)
    if options.malignant_share is not None:
        return move(
            UnlabelledSettings(
                options.model,
                options.photos,
                options.malignant_share,
                out,
                options.accept,
            )
        )
    return calibrate(
        Settings(
            options.model,
            options.photos,
            options.target_recall,
            out,
            options.split,
            options.accept,
        )
    )


def calibrate(settings: Settings) -> int:
    """Score the photos, derive the site's operating point and write it.

    Raises:
        SiteGateError: when it would be worse than the target or what is in force.
        EdgeRuntimeError: when there are too few photos, their labels contradict the
            scores, or the model cannot be used.
    """
    refuse_no_place(settings.out)
    photos, left_alone = site_photos(settings.photos, settings.split)
    with without_info_lines():
        classifier = LesionClassifier.load(settings.model, site=False)
    now, source = card_in_force(classifier.card, settings.model)
    scored = _scored(classifier, photos)
    refuse_contradiction(scored.labels, scored.scores)
    site = _site(classifier, scored, settings)
    before = accuracy(
        scored.labels,
        scored.scores,
        now.threshold.score,
        temperature=now.temperature,
        split=SITE_SPLIT,
    )
    for line in _lines(site, before, classifier.card, now):
        print(line)
    for line in left_alone:
        logs.note(f"left out: {line}")
    worse = _worse(site, before, settings.target_recall)
    if worse and not settings.accept:
        raise SiteGateError(
            f"{'; '.join(worse)}. Nothing was written; {source or 'the card'} stays in"
            " force. Collect more photos, or write it all the same with --accept."
        )
    write_site_file(settings.out, site)
    print(f"written: {settings.out}")
    for each in worse:
        logs.note(f"accepted: {each}")
    return SOME_FAILED if scored.failed else 0


@dataclass(frozen=True)
class _Scored:
    """The photos that can be judged, with labels, lesions and raw scores."""

    kept: Sequence[SitePhoto]
    labels: Labels
    lesions: NDArray[np.str_]
    scores: Scores
    left_out: int
    failed: int


def _scored(classifier: LesionClassifier, photos: Sequence[SitePhoto]) -> _Scored:
    places, scores, failed = scored_photos(classifier, [each.path for each in photos])
    kept = [photos[place] for place in places]
    return _Scored(
        kept,
        np.array([int(photo.malignant) for photo in kept], np.int64),
        np.array([photo.lesion for photo in kept], dtype=np.str_),
        scores,
        left_out=len(photos) - len(kept),
        failed=failed,
    )


def _site(
    classifier: LesionClassifier, scored: _Scored, settings: Settings
) -> SiteCalibration:
    card, target = classifier.card, settings.target_recall
    labels, scores, lesions = scored.labels, scored.scores, scored.lesions
    malignant, other = refuse_too_few(labels, lesions, target)
    temperature = fitted_temperature(labels, scores)
    threshold = chosen_threshold(
        labels,
        scores,
        target_recall=aimed_recall(target, int(labels.sum())),
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
        photos_sha256=_digest(scored.kept),
        lesions_malignant=malignant,
        lesions_other=other,
        left_out=scored.left_out,
        temperature=temperature,
        threshold=dataclasses.replace(threshold, target_recall=target),
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


def _worse(site: SiteCalibration, before: Accuracy, target: float) -> list[str]:
    """In what the site's operating point falls short; held out against in force."""
    recall, specificity = site.accuracy.recall.value, site.accuracy.specificity.value
    found = []
    if recall < target:
        found.append(f"recall {recall:.3f} is below the target {target:g}")
    gained = recall > before.recall.value or specificity > before.specificity.value
    lost = recall < before.recall.value or specificity < before.specificity.value
    if lost and not gained:
        found.append(
            f"recall {recall:.3f} and specificity {specificity:.3f} are no better than"
            f" the {before.recall.value:.3f} and {before.specificity.value:.3f} of what"
            " is in force, on the same photos"
        )
    return found


def _digest(photos: Sequence[SitePhoto]) -> str:
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(b"1" if photo.malignant else b"0")
        digest.update(hashlib.sha256(photo.path.read_bytes()).digest())
    return digest.hexdigest()


def _lines(
    site: SiteCalibration, before: Accuracy, card: ModelCard, now: ModelCard
) -> list[str]:
    threshold = site.threshold
    return [
        f"{site.model}: {site.notice}",
        f"{site.lesions_malignant} malignant and {site.lesions_other} other lesions;"
        f" {site.left_out} photos left out",
        f"in force: {in_force(now)}",
        f"temperature, in force {now.temperature:g}, new {site.temperature:g}",
        f"threshold, as a score, in force {now.threshold.score:.4f}, new"
        f" {threshold.score:.4f} (card {card.threshold.score:.4f})",
        f"in force, on these photos: {_both(before)}",
        f"new, on photos it was not chosen on: {_both(site.accuracy)}",
        f"AUC {site.accuracy.auc:.3f} ({site.accuracy.auc_low:.3f} to"
        f" {site.accuracy.auc_high:.3f}); 95 % intervals in brackets",
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
