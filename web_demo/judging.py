"""From uploaded photos to their verdicts, in memory, as many at once as is safe."""

import base64
import dataclasses
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from werkzeug.exceptions import NotFound

from edge_runtime.card import ModelCard
from edge_runtime.errors import PhotoError
from edge_runtime.model_file import ModelFile
from edge_runtime.photo import PhotoSource, read_photo
from edge_runtime.preprocessing import preprocess
from edge_runtime.verdict import Verdict
from web_demo.capacity import Capacity, Limits
from web_demo.uploads import Upload, check_from_outside

# Side of the picture shown beside the verdict.
PREVIEW_PX = 320


class Classifier(Protocol):
    """What the pages need of ``edge_runtime.LesionClassifier``."""

    @property
    def card(self) -> ModelCard:
        """The model's card."""

    @property
    def file(self) -> ModelFile:
        """The checked model file."""

    def classify(self, source: PhotoSource) -> Verdict:
        """Judge one photo; raises PhotoError where it cannot be read."""


@dataclass(frozen=True)
class Refusal:
    """A photo of several that got no verdict.

    Attributes:
        photo: its name.
        detail: what is wrong with it, and what to do.
    """

    photo: str
    detail: str


class Judge:
    """Classifiers by name that take uploads, with a bound on what runs at once."""

    def __init__(self, classifiers: Sequence[Classifier], limits: Limits) -> None:
        """Judge with ``classifiers``; the first is the one used when none is named.

        Raises:
            ValueError: when there is no classifier, or two have one name.
        """
        self._classifiers = {each.card.name: each for each in classifiers}
        if not classifiers or len(self._classifiers) != len(classifiers):
            raise ValueError(
                "expected one classifier or more, with different names; got"
                f" {[each.card.name for each in classifiers]}"
            )
        self._request_s = limits.request_s
        self.capacity = Capacity(limits)

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The model files, the preferred one first."""
        return tuple(each.file for each in self._classifiers.values())

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The models' cards, in the same order."""
        return tuple(each.card for each in self._classifiers.values())

    def card(self, model: str | None) -> ModelCard:
        """The card of the model of that name; without a name the preferred one.

        Raises:
            NotFound: when no model has that name.
        """
        return self._named(model).card

    def _named(self, model: str | None) -> Classifier:
        if not model:
            return next(iter(self._classifiers.values()))
        if model not in self._classifiers:
            raise NotFound(
                "There is no model of that name here. Choose one of:"
                f" {', '.join(self._classifiers)}."
            )
        return self._classifiers[model]

    def verdict(self, photo: Upload, model: str | None = None) -> Verdict:
        """The model's verdict, with the photo named as its sender named it.

        Raises:
            Busy: when too many photos are being judged.
            NotFound: when no model has that name.
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        classifier = self._named(model)
        with self.capacity.place():
            return _judged(photo, classifier)

    def verdicts(
        self, photos: Sequence[Upload], model: str | None = None
    ) -> list[Verdict | Refusal]:
        """What becomes of each of several photos, in their order.

        Raises:
            Busy: when too many photos are being judged.
            NotFound: when no model has that name.
        """
        classifier = self._named(model)
        give_up_at_s = time.monotonic() + self._request_s
        with self.capacity.place():
            return [_judged_or_not(each, classifier, give_up_at_s) for each in photos]

    def comparison(self, photo: Upload) -> list[Verdict]:
        """Every model's verdict about one photo.

        Raises:
            Busy: when too many photos are being judged.
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        with self.capacity.place():
            return [_judged(photo, each) for each in self._classifiers.values()]

    def preview(self, photo: Upload) -> str:
        """The square that was judged, as a ``data:`` address for the page.

        It is encoded anew from the pixels, so nothing of the photo's EXIF block (place,
        time, camera) is in it.
        """
        with self.capacity.place():
            image = read_photo(photo.content, for_size_px=PREVIEW_PX)
        encoded = io.BytesIO()
        Image.fromarray(preprocess(image, PREVIEW_PX)).save(encoded, "JPEG", quality=85)
        text = base64.b64encode(encoded.getvalue()).decode("ascii")
        return f"data:image/jpeg;base64,{text}"


def _judged(photo: Upload, classifier: Classifier) -> Verdict:
    check_from_outside(photo)
    verdict = classifier.classify(photo.content)
    return dataclasses.replace(verdict, photo=photo.name)


def _judged_or_not(
    photo: Upload, classifier: Classifier, give_up_at_s: float
) -> Verdict | Refusal:
    if time.monotonic() > give_up_at_s:
        return Refusal(
            photo.name, "No time was left for it. Send fewer photos at once."
        )
    try:
        return _judged(photo, classifier)
    except PhotoError as error:
        return Refusal(photo.name, str(error))
