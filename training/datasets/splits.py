"""Which photos train, which choose the threshold, and which judge.

A group is everything that must not be torn apart: the photos of one lesion or one
patient, with all their duplicates. Validation photos share no group with the others;
test photos share none with training, except where a published test split does so, and
then they are marked.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Member:
    """What has to be known of a photo to put it into a split.

    Attributes:
        group: number of its group.
        malignant: its label.
        published: ``"train"``, ``"val"``, ``"test"``, or ``""`` when the data set
            leaves the choice open.
    """

    group: int
    malignant: bool
    published: str


def joined(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Number the groups that the links make of ``count`` photos.

    Args:
        count: how many photos there are.
        links: pairs of photos that belong together; also indirectly.

    Returns:
        For each photo the number of the first photo of its group.

    >>> joined(5, [(3, 1), (4, 3)])
    [0, 1, 2, 1, 1]
    """
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in links:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [root(number) for number in range(count)]


def assigned(
    members: Sequence[Member], *, val_share: float, test_share: float, seed: int
) -> list[str]:
    """Choose a split for every photo.

    A published test split stays as it is. A published validation split stays, but for
    photos whose group is also in training: these move to training. What is not
    published is drawn by whole groups, malignant ones (with at least one malignant
    photo) and others apart, so that both keep their shares.

    Args:
        members: the photos, in a fixed order.
        val_share: share of the photos outside the test split to draw for validation
            if none is published; above 0, below 1.
        test_share: share of all photos to draw for testing if no test split is
            published; from 0 (none) to below 1.
        seed: chooses the groups.

    Returns:
        ``"train"``, ``"val"`` or ``"test"`` for each photo.
    """
    generator = np.random.default_rng(seed)
    splits = [member.published or "train" for member in members]
    if "test" not in splits:
        _draw("test", test_share, splits, members, generator)
    if "val" not in splits:
        _draw("val", val_share, splits, members, generator)
    in_train = groups_in("train", splits, members)
    return [
        "train" if split == "val" and member.group in in_train else split
        for split, member in zip(splits, members, strict=True)
    ]


def groups_in(split: str, splits: Sequence[str], members: Sequence[Member]) -> set[int]:
    """Numbers of the groups that have a photo in the split."""
    return {
        member.group
        for member, own in zip(members, splits, strict=True)
        if own == split
    }


def _draw(
    target: str,
    share: float,
    splits: list[str],
    members: Sequence[Member],
    generator: np.random.Generator,
) -> None:
    """Move whole training groups to ``target`` until it has its share of each class.

    Groups with a photo in another split stay where they are: validation must not
    share a lesion with the test split either.
    """
    malignant = {member.group for member in members if member.malignant}
    divided = groups_in("val", splits, members) | groups_in("test", splits, members)
    movable: dict[int, list[int]] = defaultdict(list)
    wanted = {True: 0.0, False: 0.0}
    for number, (member, split) in enumerate(zip(members, splits, strict=True)):
        if split == "train":
            wanted[member.group in malignant] += share
            if member.group not in divided:
                movable[member.group].append(number)
    for kind, photos_wanted in wanted.items():
        groups = [group for group in movable if (group in malignant) == kind]
        generator.shuffle(groups)
        sizes = [len(movable[group]) for group in groups]
        for index in _filling(sizes, photos_wanted):
            for number in movable[groups[index]]:
                splits[number] = target


def _filling(sizes: Sequence[int], wanted: float) -> list[int]:
    """Indices of the groups to take, in order, so that ``wanted`` is not exceeded.

    If anything is wanted, at least the smallest group is taken as long as another
    remains: a split without one of the classes is worse than one a little too large.
    """
    if wanted <= 0 or len(sizes) < 2:
        return []
    taken, total = [], 0
    for index, size in enumerate(sizes):
        if total + size <= round(wanted):
            taken.append(index)
            total += size
    return taken or [min(range(len(sizes)), key=sizes.__getitem__)]
