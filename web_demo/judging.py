"""From one uploaded photo to its verdict, in memory, one photo at a time."""

import base64
import dataclasses
import io
import threading
from typing import Protocol

from PIL import Image

from edge_runtime.card import ModelCard
from edge_runtime.photo import PhotoSource, read_photo
from edge_runtime.preprocessing import preprocess
from edge_runtime.verdict import Verdict
from web_demo.uploads import Upload, check_from_outside

# Side of the picture shown beside the verdict.
PREVIEW_PX = 320


class Classifier(Protocol):
    """What the pages need of ``edge_runtime.LesionClassifier``."""

    @property
    def card(self) -> ModelCard:
        """The model's card."""

    def classify(self, source: PhotoSource) -> Verdict:
        """Judge one photo; raises PhotoError where it cannot be read."""


class Judge:
    """A classifier that takes uploads, one at a time so that memory stays bounded."""

    def __init__(self, classifier: Classifier) -> None:
        """Judge with ``classifier``."""
        self._classifier = classifier
        self._one_at_a_time = threading.Lock()

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self._classifier.card

    def verdict(self, photo: Upload) -> Verdict:
        """The model's verdict, with the photo named as its sender named it.

        Raises:
            PhotoError: when the photo cannot be read, or is refused unread.
        """
        with self._one_at_a_time:
            check_from_outside(photo)
            verdict = self._classifier.classify(photo.content)
        return dataclasses.replace(verdict, photo=photo.name)

    def preview(self, photo: Upload) -> str:
        """The square that was judged, as a ``data:`` address for the page.

        It is encoded anew from the pixels, so nothing of the photo's EXIF block (place,
        time, camera) is in it.
        """
        with self._one_at_a_time:
            image = read_photo(photo.content, for_size_px=PREVIEW_PX)
        encoded = io.BytesIO()
        Image.fromarray(preprocess(image, PREVIEW_PX)).save(encoded, "JPEG", quality=85)
        text = base64.b64encode(encoded.getvalue()).decode("ascii")
        return f"data:image/jpeg;base64,{text}"
