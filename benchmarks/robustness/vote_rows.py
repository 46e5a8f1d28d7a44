"""What rules of the camera's vote come to on recordings: rows and their table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.reporting.markdown import text_table
from benchmarks.robustness.hand_held import FPS
from edge_runtime.camera.vote import SteadyVote, VoteRule
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.photos.manifest import LabelledPhoto
from edge_runtime.photos.preprocessing import load_pixels


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
    """Rows for a terminal, and for docs/camera.md."""
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
