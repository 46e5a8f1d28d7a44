"""A site's own temperature and threshold, in a file beside the model.

A model meets other cameras and other skin than it was measured on. A site that has
labelled photos derives its own operating point (``calibrate``); it is stored as
``NETWORK.RECIPE.site.json``, never inside the model file, whose bytes stay those that
the converter vouches for.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from edge_runtime.errors import SiteFileError
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import build, parse, to_json
from edge_runtime.model.card import ModelCard
from edge_runtime.model.evidence import Accuracy, Threshold, Uncertainty
from edge_runtime.site_calibration.unlabelled import SHIFT_FORMAT, SiteShift

SITE_FORMAT = 1
SITE_SPLIT = "site"

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


def site_path(model: Path) -> Path:
    """Where the site file of a model file lies."""
    return model.with_suffix(".site.json")


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
            " edge_runtime calibrate), remove it, or leave it aside with --no-site."
        ) from error
    return site
