"""A site's own temperature and threshold, in a file beside the model.

A model meets other cameras and other skin than it was measured on. A site that has
labelled photos derives its own operating point (``calibrate``); it is stored as
``NETWORK.RECIPE.site.json``, never inside the model file, whose bytes stay those that
the converter vouches for.
"""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from edge_runtime.errors import SiteFileError
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse, to_json
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import Accuracy, Threshold, Uncertainty
from edge_runtime.site_calibration.unlabelled import SHIFT_FORMAT, SiteShift, is_moved

SITE_FORMAT = 1
SITE_SPLIT = "site"

UNNAMED = "not stated"
"""What a card says of a data set that nobody named."""

# A site's file is a page of JSON.
LARGEST_SITE_BYTES = 2**20


@dataclass(frozen=True)
class SiteCalibration:
    """What a site found out about one model on its own photos.

    Attributes:
        format: version of this layout; readers refuse others.
        notice: what the model is not.
        model: the card's name of the model.
        model_sha256: of the model, as in ``ModelCard``.
        created: date, ISO 8601, UTC.
        photos: folder or manifest they came from.
        photos_sha256: over the photos' labels and bytes, in order.
        lesions_malignant: lesions, which may have several photos each.
        lesions_other: the same for all other lesions.
        left_out: photos that could not be read or are unusable.
        temperature: replaces the card's.
        threshold: replaces the card's; recall and specificity as reached on the photos
            it was chosen on, so somewhat too good.
        uncertainty: replaces the card's.
        accuracy: recall and specificity as reached on photos that the threshold was
            not chosen on (5-fold cross-validation by lesion).
        card_threshold_accuracy: the same photos at the card's own threshold.
    """

    format: int
    notice: str
    model: str
    model_sha256: str
    created: str
    photos: str
    photos_sha256: str
    lesions_malignant: int
    lesions_other: int
    left_out: int
    temperature: float
    threshold: Threshold
    uncertainty: Uncertainty
    accuracy: Accuracy
    card_threshold_accuracy: Accuracy

    def applied_to(self, card: ModelCard) -> ModelCard:
        """The card with this site's operating point and evidence.

        Raises:
            ValueError: when the two contradict each other.
        """
        return dataclasses.replace(
            card,
            temperature=self.temperature,
            threshold=self.threshold,
            uncertainty=self.uncertainty,
            accuracy=(self.accuracy, *card.accuracy),
        )


_KINDS = {SITE_FORMAT: SiteCalibration, SHIFT_FORMAT: SiteShift}


def in_force(card: ModelCard) -> str:
    """Which operating point a card holds, for people: its own, or a site's."""
    target = f"recall {card.threshold.target_recall:g}"
    if is_moved(card):
        return (
            "operating point: this site's file; threshold moved by its unlabelled"
            " photos; recall not measured"
        )
    if card.threshold.split == SITE_SPLIT:
        return (
            f"operating point: this site's file, chosen on its own photos for {target}"
        )
    named = "" if card.data.name == UNNAMED else f" of {card.data.name}"
    return (
        f"operating point: the model card's, chosen on {card.threshold.split}{named}"
        f" for {target}"
    )


def site_choice(word: str) -> bool | Path:
    """The word of an option ``--site``: ``none``, or a site file."""
    return False if word == "none" else Path(word)


def card_in_force(
    card: ModelCard, model: Path, site: bool | str | Path = True
) -> tuple[ModelCard, Path | None]:
    """A model's card at the operating point that is to be used.

    Args:
        card: the model file's.
        model: that file.
        site: True uses the site file beside it, where there is one; False leaves it
            aside; a path names another.

    Returns:
        The card, and the site file that it comes from; None for the model's own.

    Raises:
        SiteFileError: when the site file cannot be used, or the one named is missing.
    """
    if site is False:
        return card, None
    place = site_path(model) if site is True else Path(site)
    if site is True and not place.exists():
        return card, None
    return read_site_file(place, card).applied_to(card), place


def site_path(model: Path) -> Path:
    """Where the site file of a model file lies."""
    return model.with_suffix(".site.json")


def refuse_no_place(path: Path) -> None:
    """Find out before the slow part that the site file cannot be written.

    Raises:
        SiteFileError: when it cannot.
    """
    folder = next(each for each in path.absolute().parents if each.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SiteFileError(
            f"{path} cannot be written: {path if path.is_dir() else folder} is no place"
            " for it. Name another with --out"
        )


def write_site_file(path: Path, site: SiteCalibration | SiteShift) -> None:
    """Write a site file, whole or not at all.

    Raises:
        SiteFileError: when it cannot be written.
    """
    try:
        write_text(path, to_json(site))
    except OSError as error:
        raise SiteFileError(
            f"{path} cannot be written: {error}. Name another place with --out"
        ) from error


def read_site_file(path: Path, card: ModelCard) -> SiteCalibration | SiteShift:
    """Read a site file and check that it belongs to the card.

    Raises:
        SiteFileError: when it cannot be read, is damaged, or is another model's.
    """
    try:
        if path.stat().st_size > LARGEST_SITE_BYTES:
            raise ValueError(f"has more than {LARGEST_SITE_BYTES} bytes")
        values = parse(path.read_text(encoding="utf-8"))
        found = values.get("format") if isinstance(values, dict) else "no object"
        if found not in _KINDS:
            raise ValueError(
                f"expected format {SITE_FORMAT} or {SHIFT_FORMAT}, got {found!r:.40}"
            )
        site = cast("SiteCalibration | SiteShift", build(_KINDS[found], values, "site"))
        if site.model_sha256 != card.model_sha256:
            raise ValueError(
                f"belongs to the model with SHA-256 {site.model_sha256:.12}…, this one"
                f" has {card.model_sha256:.12}…"
            )
        site.applied_to(card)
    except (OSError, ValueError, TypeError) as error:
        raise SiteFileError(
            f"the site file {path} cannot be used: {error}. Make it again (python -m"
            " edge_runtime calibrate), remove it, or leave it aside with --site none."
        ) from error
    return site
