"""How the camera's vote does on recordings that a hand might have made.

Run: python -m benchmarks.robustness.camera_vote --models models --manifest
data/fanconic.csv
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.measure.plan import chosen_models
from benchmarks.robustness.hand_held import FPS, HANDS, Hand, recording
from benchmarks.text.tables import text_table
from edge_runtime.camera.frames import Frame
from edge_runtime.camera.look import MOST_MOVEMENT, Looker
from edge_runtime.camera.vote import SteadyVote, VoteRule
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.files.atomic import write_text
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import SPLITS, LabelledPhoto, photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine


@dataclass(frozen=True)
class Seen:
    """One frame: what counts for the vote, and each model's score."""

    sharp: bool
    movement: float
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Recorded:
    """One recording of one lesion."""

    hand: str
    lesion: int
    malignant: bool
    frames: tuple[Seen, ...]


@dataclass(frozen=True)
class Row:
    """One model under one rule, over all lesions held in one way.

    Attributes:
        hand: how the camera was held; see ``hand_held.HANDS``.
        model: its card's name.
        rule: votes of frames; ``"still"`` for the photo itself, judged once.
        movement: the largest that counts as still.
        recall: malignant lesions called *investigate*, of those with a verdict.
        specificity: other lesions not called so, of those with a verdict.
        malignant: how many malignant lesions got a verdict.
        other: how many others did.
        silent: share of recordings without a verdict.
        seconds: median time from the first frame to the verdict.
        differing: share of lesions whose two recordings got different verdicts.
    """

    hand: str
    model: str
    rule: str
    movement: float
    recall: float | None
    specificity: float | None
    malignant: int
    other: int
    silent: float
    seconds: float | None
    differing: float | None


def verdicts(
    takes: Iterable[Recorded], rule: VoteRule, movement: float, model: int, limit: float
) -> Iterator[tuple[Recorded, int, bool | None]]:
    """Each recording's first verdict: the frame it came at, and whether it alarms."""
    for take in takes:
        vote = SteadyVote(rule, limit)
        found: bool | None = None
        seen = 0
        for frame in take.frames:
            seen += 1
            still = frame.movement <= movement
            standing = vote.add(frame.scores[model], counts=frame.sharp and still)
            if standing.new and standing.score is not None:
                found = standing.score >= limit
                break
        yield take, seen, found


def row(
    takes: Sequence[Recorded],
    rule: VoteRule,
    movement: float,
    model: int,
    judge: LesionClassifier,
) -> Row:
    """What a rule does on recordings of one hand."""
    limit = judge.card.threshold.score
    found = list(verdicts(takes, rule, movement, model, limit))
    told = [(take, place, alarm) for take, place, alarm in found if alarm is not None]
    alarms = {
        kind: [alarm for take, _, alarm in told if take.malignant == kind]
        for kind in (True, False)
    }
    pairs: dict[int, list[bool]] = {}
    for take, _, alarm in told:
        pairs.setdefault(take.lesion, []).append(alarm)
    both = [pair for pair in pairs.values() if len(pair) == 2]
    return Row(
        hand=takes[0].hand,
        model=judge.card.name,
        rule=str(rule),
        movement=movement,
        recall=_mean(alarms[True]),
        specificity=_mean([not alarm for alarm in alarms[False]]),
        malignant=len(alarms[True]),
        other=len(alarms[False]),
        silent=1 - len(told) / len(found),
        seconds=float(np.median([place for _, place, _ in told])) / FPS
        if told
        else None,
        differing=_mean([pair[0] != pair[1] for pair in both]),
    )


def still_row(lesions: Sequence[LabelledPhoto], judge: LesionClassifier) -> Row:
    """The photos themselves, each judged once."""
    limit, size_px = judge.card.threshold.score, judge.card.input.size_px
    alarms: dict[bool, list[bool]] = {True: [], False: []}
    for lesion in lesions:
        score = judge.score(load_pixels(lesion.path, size_px))
        alarms[lesion.malignant].append(score >= limit)
    right = [not alarm for alarm in alarms[False]]
    return Row(
        "no hand", judge.card.name, "still", 0.0, _mean(alarms[True]), _mean(right),
        len(alarms[True]), len(right), 0.0, None, None,
    )  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Rows for a terminal, and for docs/device/camera.md."""
    head = (
        "held", "model", "vote", "movement", "recall", "specificity", "no verdict",
        "seconds", "differing",
    )  # fmt: skip
    lines = [
        (
            each.hand, each.model, each.rule, f"{each.movement:g}",
            _share(each.recall, each.malignant), _share(each.specificity, each.other),
            f"{each.silent:.0%}",
            "" if each.seconds is None else f"{each.seconds:.1f}",
            "" if each.differing is None else f"{each.differing:.0%}",
        )
        for each in rows
    ]  # fmt: skip
    return text_table(head, lines)


def _mean(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None


def _share(share: float | None, n: int) -> str:
    if share is None:
        return "not measured"
    interval = wilson(round(share * n), n)
    return f"{share:.2f} ({interval.low:.2f} to {interval.high:.2f})"


RULES = (
    VoteRule(1, 1, 1), VoteRule(3, 1, 1), VoteRule(3, 2, 1), VoteRule(5, 2, 1),
    VoteRule(5, 3, 2), VoteRule(7, 2, 1), VoteRule(7, 3, 2), VoteRule(7, 4, 3),
    VoteRule(11, 4, 3), VoteRule(11, 6, 5), VoteRule(15, 8, 7),
)  # fmt: skip
MOVEMENTS = (0.02, 0.05, 0.1, 0.15, 0.3)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Make two recordings of each lesion from its photo, as three hands"
        " would hold the camera, and vote on them under several rules. Research and"
        " education; not a medical device.",
        epilog="exit status: 0 done; 1 nothing could be measured; 2 wrong usage",
        formatter_class=Defaults,
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument(
        "--lesions", type=at_least(2), default=80, help="half of them malignant"
    )
    parser.add_argument("--out", type=Path, help="JSON file with all figures")
    return parser.parse_args(arguments)


def chosen_lesions(photos: Sequence[LabelledPhoto], count: int) -> list[LabelledPhoto]:
    """As many malignant as other photos, spread over the split.

    Raises:
        BenchmarkError: when a class has too few.
    """
    chosen = []
    for malignant in (True, False):
        of_class = [photo for photo in photos if photo.malignant == malignant]
        if len(of_class) < count // 2:
            raise BenchmarkError(
                f"the split has {len(of_class)} photos of a class; expected at least"
                f" {count // 2}. Ask for fewer --lesions"
            )
        step = len(of_class) / (count // 2)
        chosen += [of_class[int(step * place)] for place in range(count // 2)]
    return chosen


def recorded(
    lesions: Sequence[LabelledPhoto], judges: Sequence[LesionClassifier]
) -> Iterator[Recorded]:
    """Two recordings of each lesion by each hand, judged frame by frame."""
    with ProgressLine() as line:
        for place, lesion in enumerate(lesions):
            line.show("lesions", place, len(lesions))
            photo = read_photo(lesion.path)
            for hand in HANDS:
                for take in range(2):
                    frames = _judged(photo, hand, 2 * place + take, judges)
                    yield Recorded(hand.name, place, lesion.malignant, tuple(frames))


def _judged(
    photo: NDArray[np.uint8],
    hand: Hand,
    seed: int,
    judges: Sequence[LesionClassifier],
) -> Iterator[Seen]:
    looker = Looker(judges[0], "recording", 1.0)
    for number, (jpeg, _) in enumerate(recording(photo, hand, seed), 1):
        look = looker.look(Frame(number, 0, jpeg))
        scores = tuple(
            judge.score(load_pixels(jpeg, judge.card.input.size_px)) for judge in judges
        )
        yield Seen(look.sharp, look.movement, scores)


def rows_of(
    lesions: Sequence[LabelledPhoto], judges: Sequence[LesionClassifier]
) -> list[Row]:
    """The photos themselves, then every rule, then every limit of movement."""
    takes = list(recorded(lesions, judges))
    rows = [still_row(lesions, judge) for judge in judges]
    for model, judge in enumerate(judges):
        for hand in HANDS:
            of_hand = [take for take in takes if take.hand == hand.name]
            rows += [row(of_hand, rule, MOST_MOVEMENT, model, judge) for rule in RULES]
            rows += [
                row(of_hand, VoteRule(), movement, model, judge)
                for movement in MOVEMENTS
                if movement != MOST_MOVEMENT
            ]
    return rows


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    photos = photos_of(read_manifest(options.manifest), options.split)
    lesions = chosen_lesions(photos, options.lesions)
    with without_info_lines():
        judges = [
            LesionClassifier.load(path, threads=1, site=False)
            for path in chosen_models(options.models, options.only).values()
        ]
    rows = rows_of(lesions, judges)
    print(table(rows))
    if options.out:
        write_text(options.out, json.dumps([asdict(each) for each in rows], indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
