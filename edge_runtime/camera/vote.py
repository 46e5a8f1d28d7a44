"""From shaky frames to one verdict per lesion: pure arithmetic, no camera, no clock.

One frame is one look; a hand-held camera gives many, some blurred or moving. Only looks
that are sharp and still count. When there are ``frames`` of them, never
``release`` bad ones in a row between, the lesion is *steady* and gets its one verdict;
it is over when the camera moves on.

``votes`` looks at or above the threshold say *investigate*. That is the same as
comparing the votes-th highest score with the threshold, so this score stands in the
verdict, and decision, label and probability cannot contradict each other. Hysteresis:
once the vote says *investigate*, it takes fewer than ``keep`` such looks to end that.
"""

import collections
from dataclasses import dataclass


@dataclass(frozen=True)
class VoteRule:
    """How frames become a verdict. Defaults: benchmarks/robustness/camera_vote.py.

    Attributes:
        frames: sharp and still looks that make a lesion steady.
        votes: of them at or above the threshold, that say *investigate*.
        keep: of them, that keep it so; at most ``votes``.
        release: looks in a row that are blurred or moving, after which it is another
            lesion. Fewer end nothing, before the verdict as after it.
    """

    frames: int = 5
    votes: int = 3
    keep: int = 2
    release: int = 3

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other."""
        if not 1 <= self.keep <= self.votes <= self.frames or self.release < 1:
            raise ValueError(
                "expected 1 <= keep <= votes <= frames and release >= 1, got"
                f" keep={self.keep}, votes={self.votes}, frames={self.frames},"
                f" release={self.release}"
            )

    def __str__(self) -> str:
        """As the command line writes it: votes of frames."""
        return f"{self.votes}/{self.frames}"


@dataclass(frozen=True)
class Vote:
    """Where the vote stands after a look.

    Attributes:
        looks: that count so far; at most ``VoteRule.frames``.
        above: of them at or above the threshold.
        steady: whether there are enough of them.
        score: that stands for them all; None before the lesion is steady.
        new: this look made the lesion steady: now is the time for its verdict.
    """

    looks: int
    above: int
    steady: bool
    score: float | None
    new: bool


class SteadyVote:
    """The vote about the lesion in front of the camera."""

    def __init__(self, rule: VoteRule, threshold: float) -> None:
        """Start before the first look.

        Args:
            rule: see ``VoteRule``.
            threshold: raw score of the model, see ``Threshold``.
        """
        self.rule = rule
        self._threshold = threshold
        self._scores: collections.deque[float] = collections.deque(maxlen=rule.frames)
        self._misses = 0
        self._told = False
        self._alarm = False

    def add(self, score: float, *, counts: bool) -> Vote:
        """Take one look.

        Args:
            score: raw output of the model.
            counts: the look was sharp, still and usable.
        """
        if counts:
            self._misses = 0
            self._scores.append(score)
        else:
            self._misses += 1
            if self._misses >= self.rule.release:
                self._forget()
        return self._standing(counts)

    def _standing(self, counts: bool) -> Vote:
        above = sum(score >= self._threshold for score in self._scores)
        steady = len(self._scores) == self.rule.frames
        if not steady:
            return Vote(len(self._scores), above, False, None, False)
        needed = self.rule.keep if self._alarm else self.rule.votes
        self._alarm = above >= needed
        new, self._told = counts and not self._told, True
        decisive = sorted(self._scores, reverse=True)[needed - 1]
        return Vote(len(self._scores), above, True, decisive, new)

    def _forget(self) -> None:
        self._scores.clear()
        self._told = self._alarm = False
