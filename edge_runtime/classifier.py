"""The one object that holds a model: a photo goes in, a verdict comes out."""

import dataclasses
import io
import itertools
import threading
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_runtime.errors import ModelFileError
from edge_runtime.model.answers import Answers, none_asked
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.model.interpreter import TfliteModel
from edge_runtime.model.threads import open_at_best
from edge_runtime.photos.crop import CENTRE, Crop
from edge_runtime.photos.decoding import PhotoSource, source_name
from edge_runtime.photos.lesion_locator import framing_finding, suggested
from edge_runtime.photos.preprocessing import read_square, scaled
from edge_runtime.photos.quality import (
    FINDING_NAMES,
    FRAMING,
    UNSEEN,
    Finding,
    square_findings,
)
from edge_runtime.site_calibration.file import card_in_force, in_force
from edge_runtime.verdict import Verdict, verdict_of

# The first verdict imports decoders, packs weights and touches memory, which takes a
# hundred times as long as the next; two more settle the clock.
_WARM_UP_RUNS = 3
_GREY = (128, 128, 128)
_ORIENTATION = 0x0112  # EXIF tag


class LesionClassifier:
    """A model that was checked, opened and warmed up.

    One object may serve several threads: photos are decoded side by side, and the
    interpreter, which is not thread-safe, runs one inference at a time.

    Attributes:
        file: the model file, with its card.
        model: the opened interpreter; use it through ``score`` and ``classify``.
        card: what the converter vouches for, at the site's own operating point where
            one is used; ``operating_point`` says which.
        site: the site file that is used; None for the card's own operating point.
        accepted: names of findings that make no photo unusable and leave no doubt.
        answers: those that hold for every photo for which none are given.
        crop: the square of every photo for which none is given; None looks for it.
    """

    def __init__(
        self,
        file: ModelFile,
        model: TfliteModel,
        *,
        card: ModelCard | None = None,
        site: Path | None = None,
        accepted: Collection[str] = (),
        answers: Answers | None = None,
        crop: Crop | None = CENTRE,
    ) -> None:
        """Take a checked file and its opened model; see ``load``."""
        known = (*FINDING_NAMES, FRAMING)
        unknown = sorted(set(accepted) - {*known})
        if unknown:
            raise ValueError(f"unknown findings {unknown}; known: {known}")
        self.file = file
        self.model = model
        self.card = card or file.card
        self.site = site
        self.accepted = frozenset(accepted)
        self.answers = dict(answers or {})
        self.crop = crop
        spec = file.card.input
        self._table = model.input.store_pixels(spec.mean, spec.std)
        self._as_it_is = self._table.tobytes() == bytes(range(256))
        self._lock = threading.Lock()
        photo = _grey_jpeg(spec.size_px)
        for _ in range(_WARM_UP_RUNS):
            self.classify(photo)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        threads: int | None = None,
        site: bool | str | Path = True,
        accepted: Collection[str] = (),
        answers: Answers | None = None,
        crop: Crop | None = CENTRE,
    ) -> "LesionClassifier":
        """Read and check a model file, open it and warm it up.

        The file is read into memory whole: replacing it on the disk changes nothing
        before the next ``load``.

        Args:
            path: a .tflite file that ``convert/to_tflite.py`` wrote.
            threads: for the interpreter; None measures whether more than one pays.
            site: use the site file beside the model, where there is one; False does
                not, and a path names another.
            accepted: names of findings that make no photo unusable.
            answers: about the lesion, for all photos; see ``classify``.
            crop: the square to judge, of all photos; None looks for the lesion in each.

        Raises:
            AnswerError: see ``classify``.
            ModelFileError: when the file is missing, damaged or carries no card.
            CardMismatchError: when the card describes another model.
            SiteFileError: when the site file is damaged or another model's.
            InterpreterMissingError: when no interpreter is installed.
        """
        file = read_model_file(Path(path))
        card, place = card_in_force(file.card, Path(path), site)
        model = open_at_best(file, threads)
        return cls(
            file,
            model,
            card=card,
            site=place,
            accepted=accepted,
            answers=answers,
            crop=crop,
        )

    @property
    def operating_point(self) -> str:
        """Which threshold is in force, the card's or a site's, in words for people."""
        where = f" ({self.site})" if self.site else ""
        return in_force(self.card) + where

    def classify(
        self,
        source: PhotoSource,
        answers: Answers | None = None,
        crop: Crop | None = None,
    ) -> Verdict:
        """Judge one photo.

        Args:
            source: path, encoded bytes, binary file, PIL image, or an RGB array of
                shape ``(height, width, 3)`` and dtype uint8.
            answers: about the lesion, by the names in ``card.answers.questions``, for
                a model that has such; one that is not given is unknown. None: those
                of ``load``.
            crop: the square to judge. None: that of ``load``.

        Raises:
            AnswerError: when the model asks no such thing, or the answer is none of
                those allowed.
            PhotoError: when the source is not one whole still picture. A picture that
                shows too little is no error: the verdict says ``unusable photo``.
        """
        return self.judge(source, answers, crop)[0]

    def judge(
        self,
        source: PhotoSource,
        answers: Answers | None = None,
        crop: Crop | None = None,
    ) -> tuple[Verdict, float]:
        """A photo's verdict and the raw score behind it, for whoever counts votes.

        Raises:
            AnswerError: see ``classify``.
            PhotoError: when the source is not one whole still picture.
        """
        marks_ns = [time.perf_counter_ns()]
        if crop is None:
            crop = suggested(source) if self.crop is None else self.crop
        score, findings = self._looked(source, marks_ns, answers, crop)
        verdict = verdict_of(
            score,
            self.card,
            findings,
            photo=source_name(source),
            timings_ms={},
            accepted=self.accepted,
            answers=self._known(answers),
            crop=crop,
        )
        marks_ns.append(time.perf_counter_ns())
        return dataclasses.replace(verdict, timings_ms=_timings_ms(marks_ns)), score

    def look(
        self, source: PhotoSource, answers: Answers | None = None
    ) -> tuple[float, tuple[Finding, ...]]:
        """Raw score and findings of one photo; for whoever decides otherwise.

        Raises:
            AnswerError: see ``classify``.
            PhotoError: when the source is not one whole still picture.
        """
        return self._looked(source, [], answers)

    def _looked(
        self,
        source: PhotoSource,
        marks_ns: list[int],
        answers: Answers | None,
        crop: Crop = CENTRE,
    ) -> tuple[float, tuple[Finding, ...]]:
        """Score and findings; adds the time at which each step was done."""
        size_px = self.card.input.size_px
        told = self._told(answers)
        square = read_square(source, size_px, crop)
        marks_ns.append(time.perf_counter_ns())
        small = scaled(square, size_px)
        pixels = np.asarray(small)
        marks_ns.append(time.perf_counter_ns())
        stored = self._stored(pixels)
        marks_ns.append(time.perf_counter_ns())
        score = self._infer(stored, told)
        marks_ns.append(time.perf_counter_ns())
        findings = square_findings(square, small, accepted=self.accepted)
        return score, (*findings, *self._framing(square, findings))

    def _framing(
        self, square: Image.Image, findings: tuple[Finding, ...]
    ) -> tuple[Finding, ...]:
        """Whether the lesion fills enough; not asked of what shows no picture."""
        if any(each.unusable and each.name in UNSEEN for each in findings):
            return ()
        found = framing_finding(square)
        if found is None:
            return ()
        if FRAMING in self.accepted:
            found = dataclasses.replace(found, unusable=False)
        return (found,)

    def score(self, pixels: NDArray[np.uint8], answers: Answers | None = None) -> float:
        """Raw output of the model for pixels that are already prepared.

        Args:
            pixels: RGB; shape ``(size_px, size_px, 3)``; uint8; see ``preprocess``.
            answers: see ``classify``.

        Returns:
            The restored output in [0, 1]; not calibrated.
        """
        expected = self.model.input_shape[1:]
        if pixels.shape != expected or pixels.dtype != np.uint8:
            raise ValueError(
                f"expected pixels of shape {expected} and dtype uint8, got"
                f" {pixels.shape} and {pixels.dtype}; see edge_runtime.preprocess"
            )
        return self._infer(self._stored(pixels), self._told(answers))

    def _told(self, answers: Answers | None) -> NDArray[np.generic] | None:
        """The model's second input; None where nothing is said."""
        answers = self.answers if answers is None else answers
        if not answers:
            return None
        if self.card.answers is None:
            raise none_asked(self.card.name, answers)
        return self.card.answers.stored(answers)

    def _known(self, answers: Answers | None) -> dict[str, str | float]:
        """What the model was told, for the record."""
        spec = self.card.answers
        given = self.answers if answers is None else answers
        return spec.known(given) if spec else {}

    def _stored(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        # Most files take a pixel as it is: looking it up would change nothing.
        return (pixels if self._as_it_is else self._table[pixels])[np.newaxis]

    def _infer(
        self, stored: NDArray[np.generic], told: NDArray[np.generic] | None
    ) -> float:
        with self._lock:
            outputs = (
                self.model.infer(stored)
                if told is None
                else self.model.infer(stored, told)
            )
        score = float(self.model.output.restore(outputs)[0])
        if not 0 <= score <= 1:
            raise ModelFileError(
                f"{self.file.path} gave the score {score}; expected one in [0, 1]."
                " Convert the model again."
            )
        return score


def _grey_jpeg(size_px: int) -> bytes:
    """A photo like a camera's, upright, for nobody to look at."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 1
    encoded = io.BytesIO()
    Image.new("RGB", (size_px, size_px), _GREY).save(encoded, "JPEG", exif=exif)
    return encoded.getvalue()


def _timings_ms(marks_ns: list[int]) -> dict[str, float]:
    steps = ("decode", "resize", "quantise", "invoke", "decide")
    spans_ms = [(end - start) / 1e6 for start, end in itertools.pairwise(marks_ns)]
    return {**dict(zip(steps, spans_ms, strict=True)), "total": sum(spans_ms)}
