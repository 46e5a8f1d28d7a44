"""From uploaded photos to their verdicts, in memory, as many at once as is safe."""

import base64
import dataclasses
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.errors import PhotoError
from edge_runtime.heat_map import HeatMap, heat_map
from edge_runtime.model.answers import Answers
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import ModelFile
from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.decoding import PhotoSource
from edge_runtime.photos.preprocessing import scaled
from edge_runtime.verdict import Verdict
from web_demo.judging.capacity import Capacity, Deadline, Limits
from web_demo.judging.opened_photo import OpenedPhoto, opened
from web_demo.judging.uploads import Upload
from web_demo.problems import Problem, Refused, input_problem

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

    def classify(
        self,
        source: PhotoSource,
        answers: Answers | None = None,
        crop: Crop = CENTRE,
    ) -> Verdict:
        """Judge one photo; raises PhotoError or AnswerError."""

    def score(self, pixels: NDArray[np.uint8], answers: Answers | None = None) -> float:
        """Raw score of prepared pixels."""


@dataclass(frozen=True)
class Refusal:
    """A photo of several that got no verdict.

    Attributes:
        photo: its name.
        problem: what is wrong with it, and what to do.
    """

    photo: str
    problem: Problem


class Judge:
    """Classifiers by name that take uploads.

    Attributes:
        capacity: whoever calls holds one of its places meanwhile.
    """

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
            Refused: when no model has that name.
        """
        return self._named(model).card

    def _named(self, model: str | None) -> Classifier:
        if not model:
            return next(iter(self._classifiers.values()))
        if model not in self._classifiers:
            models = ", ".join(self._classifiers)
            raise Refused(Problem("request.model", {"models": models}))
        return self._classifiers[model]

    def verdict(
        self,
        photo: OpenedPhoto,
        model: str | None = None,
        answers: Answers | None = None,
    ) -> Verdict:
        """The model's verdict, with the photo named as its sender named it.

        Raises:
            AnswerError: when an answer is not allowed, or nothing is asked.
            Refused: when no model has that name.
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        return _judged(photo, self._named(model), answers)

    def verdicts(
        self,
        photos: Sequence[Upload],
        deadline: Deadline,
        model: str | None = None,
        answers: Answers | None = None,
        crop: Crop | None = CENTRE,
    ) -> list[Verdict | Refusal]:
        """What becomes of each of several photos, in their order.

        Raises:
            AnswerError: when an answer is not allowed, or nothing is asked.
            Refused: when no model has that name.
        """
        classifier = self._named(model)
        return [
            _judged_or_not(each, classifier, deadline, answers, crop) for each in photos
        ]

    def comparison(self, photo: OpenedPhoto, deadline: Deadline) -> list[Verdict]:
        """Every model's verdict about one photo.

        Raises:
            OutOfTime: when a model could not be begun in time.
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        found = []
        for classifier in self._classifiers.values():
            deadline.check()
            found.append(_judged(photo, classifier, None))
        return found

    def heat_map(
        self,
        photo: OpenedPhoto,
        deadline: Deadline,
        model: str | None = None,
        answers: Answers | None = None,
    ) -> HeatMap:
        """What the model's score of the photo depends on.

        Raises:
            AnswerError: when an answer is not allowed, or nothing is asked.
            Refused: when no model has that name.
            OutOfTime: when it could not be finished in time.
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        classifier = self._named(model)
        size_px = classifier.card.input.size_px

        def score(pixels: NDArray[np.uint8]) -> float:
            deadline.check()
            return classifier.score(pixels, answers)

        return heat_map(score, np.asarray(scaled(photo.square(size_px), size_px)))


def preview(photo: OpenedPhoto) -> Image.Image:
    """The square that was judged; nothing but pixels, so without the EXIF block."""
    return scaled(photo.square(PREVIEW_PX), PREVIEW_PX)


def address_of(picture: Image.Image) -> str:
    """A picture as a ``data:`` address for the page."""
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=85)
    text = base64.b64encode(encoded.getvalue()).decode("ascii")
    return f"data:image/jpeg;base64,{text}"


def _judged(
    photo: OpenedPhoto, classifier: Classifier, answers: Answers | None
) -> Verdict:
    began_s = time.perf_counter()
    square = photo.square(classifier.card.input.size_px)
    decode_ms = 1000 * (time.perf_counter() - began_s)
    verdict = classifier.classify(square, answers)
    timings_ms = dict(verdict.timings_ms)
    for stage in ("decode", "total"):
        timings_ms[stage] = timings_ms.get(stage, 0.0) + decode_ms
    return dataclasses.replace(
        verdict, photo=photo.name, crop=photo.crop, timings_ms=timings_ms
    )


def _judged_or_not(
    photo: Upload,
    classifier: Classifier,
    deadline: Deadline,
    answers: Answers | None,
    crop: Crop | None,
) -> Verdict | Refusal:
    if deadline.is_over():
        return Refusal(photo.name, Problem("photo.no_time"))
    try:
        with opened(photo, crop) as it:
            return _judged(it, classifier, answers)
    except PhotoError as error:
        return Refusal(photo.name, input_problem(error))
