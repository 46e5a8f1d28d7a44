"""The loop that turns frames into looks, looks into votes, and votes into verdicts.

Capture runs in a thread of its own for live sources; everything else happens in the
loop of the caller's thread, which turns at least a few times a second even when no
frame comes, so that signals, the watchdog and the end are never late.
"""

import collections
import contextlib
import dataclasses
import datetime
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from edge_runtime.camera.frames import Frame, FrameSource, NewestFrame, age_ms
from edge_runtime.camera.look import Look, Looker
from edge_runtime.camera.vote import SteadyVote, Vote, VoteRule
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import CameraError, PhotoError
from edge_runtime.verdict import NOTICE, VERDICT_FORMAT, verdict_of

# Long enough for a 95th percentile, short enough to follow what happens now.
_WINDOW = 120


class Rates:
    """Frames per second and durations of the last frames judged."""

    def __init__(self) -> None:
        """Nothing judged yet."""
        self.judged = 0
        self._moments_ns: collections.deque[int] = collections.deque(maxlen=_WINDOW)
        self._spans_ms: collections.deque[float] = collections.deque(maxlen=_WINDOW)

    def add(self, span_ms: float, now_ns: int | None = None) -> None:
        """One more frame was judged, in ``span_ms``."""
        self.judged += 1
        self._moments_ns.append(time.monotonic_ns() if now_ns is None else now_ns)
        self._spans_ms.append(span_ms)

    def to_json(self) -> dict[str, float | None]:
        """Frames per second, median and 95th percentile of the durations.

        ``fps`` is None before the second frame.
        """
        p50_ms, p95_ms = np.percentile(self._spans_ms, (50, 95))
        elapsed_s = (self._moments_ns[-1] - self._moments_ns[0]) / 1e9
        fps = (len(self._moments_ns) - 1) / elapsed_s if elapsed_s > 0 else None
        return {
            "fps": None if fps is None else round(fps, 2),
            "p50_ms": round(float(p50_ms), 2),
            "p95_ms": round(float(p95_ms), 2),
        }


# How long the loop waits for a frame before it looks around.
_TICK_S = 0.2
# A capture thread that does not end by then is left behind; it is a daemon.
_JOIN_S = 0.5


@dataclass(frozen=True)
class Pace:
    """Which frames are judged.

    Attributes:
        max_fps: at most so many a second; infinity for all.
        every_n: of the source's frames every n-th only.
        frames: stop after so many; None: at the source's end.
    """

    max_fps: float = float("inf")
    every_n: int = 1
    frames: int | None = None


class Listener(Protocol):
    """Whoever wants to know: standard output, the saver, the preview, MQTT, a pin."""

    def frame(self, look: Look, line: dict[str, Any]) -> None:
        """A frame was judged; ``line`` is what is said about it."""

    def verdict(self, look: Look, line: dict[str, Any]) -> None:
        """A steady lesion has its verdict."""

    def error(self, line: dict[str, Any]) -> None:
        """A frame could not be decoded."""

    def close(self) -> None:
        """The session ends; nothing may be lost."""


class Session:
    """One run of the camera.

    Attributes:
        looker: its classifier may be replaced by ``replace`` while the loop runs.
        judged: frames that were judged.
        failed: frames that could not be decoded.
    """

    def __init__(
        self,
        source: FrameSource,
        looker: Looker,
        rule: VoteRule,
        pace: Pace,
        listeners: Sequence[Listener],
    ) -> None:
        """Take the parts; nothing runs before ``run``."""
        self.looker = looker
        self.judged = self.failed = 0
        self._source = source
        self._rule = rule
        self._vote = self._new_vote()
        self._pace = pace
        self._listeners = listeners
        self._rates = Rates()
        self._newest = NewestFrame()
        self._stop = threading.Event()

    def stop(self) -> None:
        """End the loop after the frame that is being judged; from any thread."""
        self._stop.set()

    def replace(self, classifier: LesionClassifier) -> None:
        """Go on with another model; votes of the old one do not count for it."""
        self.looker.classifier = classifier
        self._vote = self._new_vote()

    def run(self) -> Generator[None, None, None]:
        """Judge until the end; pauses at each turn of the loop, for signals.

        Raises:
            CameraError: when the source cannot be used.
        """
        with contextlib.closing(self._frames()) as frames:
            for frame in frames:
                if frame is not None:
                    self._judge(frame)
                yield
                enough = self.judged + self.failed == self._pace.frames
                if self._stop.is_set() or enough:
                    return

    def _frames(self) -> Generator[Frame | None, None, None]:
        taken = self._live() if self._source.live else self._wanted()
        try:
            for frame in taken:
                start_s = time.monotonic()
                yield frame
                if frame is not None:
                    # Before the next is taken, so that it is fresh.
                    yield from _turns_until(start_s + 1 / self._pace.max_fps)
        finally:
            self._source.close()

    def _wanted(self) -> Iterator[Frame]:
        for frame in self._source.frames():
            if (frame.number - 1) % self._pace.every_n == 0:
                yield frame

    def _live(self) -> Iterator[Frame | None]:
        thread = threading.Thread(target=self._capture, name="capture", daemon=True)
        thread.start()
        try:
            while not self._newest.ended:
                yield self._newest.take(_TICK_S)
        finally:
            self._source.close()
            thread.join(_JOIN_S)

    def _capture(self) -> None:
        try:
            for frame in self._wanted():
                self._newest.put(frame)
        except BaseException as error:
            # The loop raises it again, in the caller's thread.
            self._newest.end(error)
            if not isinstance(error, CameraError):
                raise
        else:
            self._newest.end()

    def _judge(self, frame: Frame) -> None:
        try:
            look = self.looker.look(frame)
        except PhotoError as error:
            self.failed += 1
            line = {
                "type": "error",
                "frame": frame.number,
                "source": self._source.name,
                "photo": frame.name_in(self._source.name),
                "error": str(error),
            }
            for listener in self._listeners:
                listener.error(line)
            return
        self.judged += 1
        self._rates.add(look.verdict.timings_ms["total"])
        vote = self._vote.add(look.score, counts=look.sharp and look.still)
        line = self._frame_line(look, vote)
        for listener in self._listeners:
            listener.frame(look, line)
        if vote.new:
            line = self._verdict_line(look, vote)
            for listener in self._listeners:
                listener.verdict(look, line)

    def _frame_line(self, look: Look, vote: Vote) -> dict[str, Any]:
        verdict = look.verdict
        return {
            "type": "frame",
            "format": VERDICT_FORMAT,
            "notice": NOTICE,
            "frame": look.frame.number,
            "source": self._source.name,
            "photo": verdict.photo,
            "time": _now(),
            "age_ms": round(age_ms(look.frame), 2),
            "probability": verdict.probability,
            "threshold": verdict.threshold,
            "label": verdict.label,
            "decision": verdict.decision,
            "findings": [dataclasses.asdict(found) for found in verdict.findings],
            "sharp": look.sharp,
            # The first frame has none to compare with, and JSON no infinity.
            "movement": round(look.movement, 5) if look.movement < 1e9 else None,
            "still": look.still,
            "steady": vote.steady,
            "looks": vote.looks,
            "votes": vote.above,
            "timings_ms": {
                step: round(span, 3) for step, span in verdict.timings_ms.items()
            },
            **self._rates.to_json(),
            "dropped": self._newest.dropped,
            "damaged": self._source.damaged + self.failed,
            "model": verdict.model,
        }

    def _verdict_line(self, look: Look, vote: Vote) -> dict[str, Any]:
        score, card = vote.score or 0.0, self.looker.classifier.card
        whole = verdict_of(
            score,
            card,
            look.verdict.findings,
            photo=look.verdict.photo,
            timings_ms=look.verdict.timings_ms,
            accepted=self.looker.classifier.accepted,
            answers=look.verdict.answers,
        )
        return {
            **whole.to_json(),
            "frame": look.frame.number,
            "source": self._source.name,
            "time": _now(),
            "looks": vote.looks,
            "votes": vote.above,
        }

    def _new_vote(self) -> SteadyVote:
        threshold = self.looker.classifier.card.threshold.score
        return SteadyVote(self._rule, threshold)


def _turns_until(moment_s: float) -> Iterator[None]:
    """Turns of the loop until a moment of the monotonic clock."""
    while (left_s := moment_s - time.monotonic()) > 0:
        time.sleep(min(left_s, _TICK_S))
        yield


def _now() -> str:
    """The wall clock, for people only: it may jump, and nothing is computed from it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
