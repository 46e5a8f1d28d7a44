"""The verb ``camera``: frames in, one verdict per steady lesion out."""

import argparse
import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.camera.frames import FrameSource
from edge_runtime.camera.look import Looker
from edge_runtime.camera.outputs.listeners import Outputs, opened_listeners
from edge_runtime.camera.service import ServedModel, ServiceNotice, Signals
from edge_runtime.camera.session import Pace, Session
from edge_runtime.camera.sources.live import Patience
from edge_runtime.camera.sources.opening import KINDS, Wish, open_source
from edge_runtime.camera.vote import VoteRule
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import CameraError
from edge_runtime.model.domain import expects
from edge_runtime.site_calibration.file import site_choice
from edge_runtime.terminal import logs
from edge_runtime.terminal.arguments import above_zero, at_least, share
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE

DETAILS = """\
Standard output carries JSON lines:
  {"type": "frame", "frame": ..., "probability": ..., "age_ms": ..., "fps": ..., ...}
  {"type": "verdict", "decision": ..., "probability": ..., "votes": ..., ...}
  {"type": "error", "frame": ..., "error": ...}     a frame that cannot be decoded
A lesion gets its one verdict when enough sharp and still frames have been seen; the
next one follows after the camera has moved on. Of a live source only the newest frame
is judged; of a recording or folder every frame is, to the end.

Nothing is stored, served or sent unless --save, --preview, --mqtt or --gpio says so.
SIGTERM ends after the frame at hand; SIGHUP loads the model file anew, and keeps the
old model if the file is damaged. docs/device/camera.md has the whole manual.

exit status: 0 the recording's end, --frames or SIGTERM; 1 no frame was judged, or the
source or model cannot be used; 2 wrong usage; 3 some frames of a recording were
damaged; 130 interrupted.
"""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    source: str
    model: Path
    guide: float
    threads: int | None
    site: bool | Path
    wish: Wish
    patience: Patience
    pace: Pace
    rule: VoteRule
    outputs: Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--source", required=True, help=KINDS)
    add("--model", type=Path, required=True, help="a .tflite file of this toolkit")
    add("--threads", type=at_least(1), help="of the interpreter; measured unless given")
    add(
        "--site",
        type=site_choice,
        default=True,
        metavar="FILE|none",
        help="site file to judge by (see calibrate), or none for the card's own"
        " threshold; the one beside the model, where there is one, unless given",
    )
    add(
        "--guide",
        type=share(0.05),
        default=1.0,
        help="side of the square in the centre that is judged, as a share of the"
        " frame's short side; 1 unless given",
    )
    rule = parser.add_argument_group("decision over time")
    rule.add_argument(
        "--vote",
        type=_votes,
        default=VoteRule(),
        metavar="K/N",
        help="K of N sharp and still frames above the threshold say investigate; 3/5"
        " unless given",
    )
    pace = parser.add_argument_group("pace")
    pace.add_argument(
        "--max-fps", type=above_zero, default=math.inf, help="judge no faster"
    )
    pace.add_argument(
        "--every-n", type=at_least(1), default=1, help="only every n-th frame"
    )
    pace.add_argument("--frames", type=at_least(1), help="stop after so many")
    live = parser.add_argument_group("cameras and streams")
    live.add_argument("--width", type=at_least(1), default=Wish.width, help="in pixels")
    live.add_argument(
        "--height", type=at_least(1), default=Wish.height, help="in pixels"
    )
    live.add_argument("--fps", type=at_least(1), default=Wish.fps, help="of the camera")
    live.add_argument(
        "--stall",
        type=above_zero,
        default=Patience.stall_s,
        metavar="S",
        help="seconds without a byte after which a stream is opened again; 5",
    )
    live.add_argument(
        "--give-up",
        type=above_zero,
        default=Patience.lost_s,
        metavar="S",
        help="end when a lost stream stays away for so long; never unless given",
    )
    Outputs.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do what the parsed options ask for; returns the exit status.

    Raises:
        EdgeRuntimeError: when the source or the model cannot be used.
    """
    return watch(
        Settings(
            source=options.source,
            model=options.model,
            guide=options.guide,
            threads=options.threads,
            site=options.site,
            wish=Wish(options.width, options.height, options.fps),
            patience=Patience(stall_s=options.stall, lost_s=options.give_up),
            pace=Pace(options.max_fps, options.every_n, options.frames),
            rule=options.vote,
            outputs=Outputs.of(options),
        )
    )


def watch(settings: Settings) -> int:
    """Judge frames until the end; returns the exit status.

    Raises:
        EdgeRuntimeError: when the source or the model cannot be used.
    """
    notice = ServiceNotice()
    with contextlib.ExitStack() as stack:
        signals = stack.enter_context(Signals())
        source = open_source(settings.source, settings.wish, settings.patience, report)
        served = ServedModel(settings.model, _loader(settings))
        classifier = served.current
        listeners = opened_listeners(settings.outputs, settings.guide, report)
        for listener in listeners:
            stack.callback(listener.close)
        session = Session(
            source,
            Looker(classifier, source.name, settings.guide),
            settings.rule,
            settings.pace,
            listeners,
        )
        report(f"{classifier.card.name} watches {source.name}: {NOTICE}")
        report(classifier.operating_point)
        report(expects(classifier.card.photo_kind))
        notice.ready(f"{classifier.card.name} watches {source.name}")
        for _ in _turns(session, signals):
            notice.alive()
            if signals.reload_asked():
                _reload(session, served, notice)
        notice.stopping()
    return _status(source, session, stopped=signals.stop_asked)


def report(sentence: str) -> None:
    """Tell the person at the terminal, or the journal."""
    logs.note(f"camera: {sentence}")


def _turns(session: Session, signals: Signals) -> Iterator[None]:
    # Closed at once, not when it is collected: the camera is let go before the end.
    with contextlib.closing(session.run()) as turns:
        for _ in turns:
            if signals.stop_asked:
                return
            yield


def _loader(settings: Settings) -> Callable[[Path], LesionClassifier]:
    def load(path: Path) -> LesionClassifier:
        with without_info_lines():
            return LesionClassifier.load(
                path, threads=settings.threads, site=settings.site
            )

    return load


def _reload(session: Session, served: ServedModel, notice: ServiceNotice) -> None:
    before = served.current.card
    error = served.reload()
    now = served.current.card
    if error is None:
        session.replace(served.current)
        report(
            f"loaded {now.name} {now.model_sha256[:12]} in place of"
            f" {before.name} {before.model_sha256[:12]}"
        )
        report(served.current.operating_point)
    else:
        report(f"the model file is refused, {before.name} goes on: {error}")
    notice.ready(f"{now.name} in use")


def _status(source: FrameSource, session: Session, *, stopped: bool) -> int:
    if source.live or stopped:
        return 0
    bad = session.failed + source.damaged
    if not session.judged:
        raise CameraError(
            f"{source.name}: no frame could be judged, {bad} were damaged. Expected"
            " pictures; is the recording whole?"
        )
    if bad:
        report(f"{bad} frames of {source.name} were damaged")
    return 3 if bad else 0


def _votes(word: str) -> VoteRule:
    votes, _, frames = word.partition("/")
    try:
        return VoteRule(int(frames), int(votes), keep=max(1, int(votes) - 1))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected K/N such as 3/5, got {word}: {error}"
        ) from error
