"""One look at one frame: decode, cut out the guide, judge, and tell what moved."""

import dataclasses
import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_runtime.camera.frames import Frame
from edge_runtime.classifier import LesionClassifier
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.preprocessing import centre_square, preprocess
from edge_runtime.photos.quality import Finding
from edge_runtime.verdict import Verdict

# Movement is looked for in a picture of this side: small enough to be blind to the
# sensor's noise, large enough to see a shift by a hundredth of the frame.
MOTION_PX = 32
# Mean absolute difference between two frames' luma, over its mean. On made recordings
# (benchmarks/robustness/camera_vote.py, docs/device/camera.md) 95 % of the frames of a
# hand that rests lie below 0.058; at 0.02 a quarter of its recordings got no verdict,
# for nothing.
MOST_MOVEMENT = 0.1

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True)
class Look:
    """What one frame showed.

    Attributes:
        frame: the frame.
        verdict: the model's word on this frame alone.
        score: raw output of the model.
        sharp: whether it is usable and not blurred.
        movement: against the frame judged before; infinite for the first.
        still: whether that is little.
    """

    frame: Frame
    verdict: Verdict
    score: float
    sharp: bool
    movement: float

    @property
    def still(self) -> bool:
        """Whether the picture hardly moved."""
        return self.movement <= MOST_MOVEMENT


class Looker:
    """Judges frames one after the other.

    Attributes:
        classifier: may be replaced between two looks.
    """

    def __init__(self, classifier: LesionClassifier, name: str, guide: float) -> None:
        """Take a model.

        Args:
            classifier: judges.
            name: of the source, for verdicts.
            guide: side of the square in the frame's centre that is judged, as a share
                of the frame's short side; in (0, 1].
        """
        self.classifier = classifier
        self._name = name
        self._guide = guide
        self._before: NDArray[np.float32] | None = None

    def look(self, frame: Frame) -> Look:
        """Judge one frame.

        Raises:
            PhotoError: when the frame cannot be decoded.
        """
        start_ns = time.perf_counter_ns()
        image = guided(self._decoded(frame), self._guide)
        decode_ms = (time.perf_counter_ns() - start_ns) / 1e6
        verdict, score = self.classifier.judge(image)
        timings_ms = {**verdict.timings_ms, "decode": decode_ms}
        timings_ms["total"] += decode_ms - verdict.timings_ms["decode"]
        verdict = dataclasses.replace(
            verdict,
            photo=frame.name_in(self._name),
            timings_ms=timings_ms,
        )
        return Look(frame, verdict, score, _sharp(verdict.findings), self._moved(image))

    def _decoded(self, frame: Frame) -> NDArray[np.uint8]:
        size_px = self.classifier.card.input.size_px
        return read_photo(
            frame.picture,
            for_size_px=math.ceil(size_px / self._guide),
            name=frame.name_in(self._name),
        )

    def _moved(self, image: NDArray[np.uint8]) -> float:
        now = preprocess(image, MOTION_PX).astype(np.float32) @ _LUMA
        # The mean goes out, so that a change of exposure is no movement.
        now /= max(float(now.mean()), 1.0)
        before, self._before = self._before, now
        return math.inf if before is None else float(np.abs(now - before).mean())


def guided(image: NDArray[np.uint8], guide: float) -> NDArray[np.uint8]:
    """The part of a frame inside the guide; the whole frame for 1.

    >>> guided(np.zeros((100, 200, 3), np.uint8), 0.5).shape
    (50, 50, 3)
    """
    if guide >= 1:
        return image
    square = centre_square(image)
    side = max(1, round(square.shape[0] * guide))
    start = (square.shape[0] - side) // 2
    return square[start : start + side, start : start + side]


def _sharp(findings: tuple[Finding, ...]) -> bool:
    return not any(found.unusable or found.name == "blurred" for found in findings)
