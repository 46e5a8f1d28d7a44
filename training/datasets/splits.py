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
        source: name of its data set.
        kept: whether the published split may not be drawn from, as that of a
            manifest.
        held_out: whether its whole source is for testing only.
    """

    group: int
    malignant: bool
    published: str
    source: str = ""
    kept: bool = False
    held_out: bool = False


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
    published is drawn by whole groups, source by source, malignant ones (with at least
    one malignant photo) and others apart, so that both keep their shares. A photo of no
    published split follows the rest of its group, where that has one.

    A group with photos of several sources comes to lie on one side, see ``_one_side``.

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
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, member in enumerate(members):
        numbers[member.group].append(number)
    for source in dict.fromkeys(member.source for member in members):
        own = [i for i, member in enumerate(members) if member.source == source]
        if all(members[i].kept for i in own):
            continue
        published = {members[i].published for i in own}
        for target, share in (("test", test_share), ("val", val_share)):
            if target not in published:
                _draw(target, share, splits, members, own, generator)
    for group in numbers.values():
        if len({members[i].source for i in group}) > 1:
            _one_side(group, splits, members)
    in_train = groups_in("train", splits, members)
    return [
        "train" if split == "val" and member.group in in_train else split
        for split, member in zip(splits, members, strict=True)
    ]


def _one_side(
    group: Sequence[int], splits: list[str], members: Sequence[Member]
) -> None:
    """Bring the photos of a lesion that several sources know to one side.

    What one source judges by, another must not train on: the photos follow the test
    photo among them, else the validation photo. Photos that no source gave a split
    follow those that have one. Where one source itself has the lesion both in train and
    in test, as some published splits do, or a test photo must stay because its whole
    source is held out, the lesion is trained on already: the rest trains too, and the
    test photos are marked.
    """
    given = [splits[i] for i in group if members[i].published]
    sides = {splits[i] for i in group} if not given else {*given}
    by_source: dict[str, set[str]] = defaultdict(set)
    for i in group:
        if members[i].published:
            by_source[members[i].source].add(splits[i])
    torn = any({"train", "test"} <= own for own in by_source.values())
    held_out = any(members[i].held_out for i in group)
    if torn or (held_out and "train" in sides):
        target = "train"
    else:
        target = next(side for side in ("test", "val", "train") if side in sides)
    for i in group:
        stays = target == "train" and splits[i] == "test" and members[i].published
        if not stays:
            splits[i] = target


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
    own: Sequence[int],
    generator: np.random.Generator,
) -> None:
    """Move whole training groups to ``target`` until it has its share of each class.

    Groups with a photo in another split stay where they are: validation must not
    share a lesion with the test split either. So do groups of which another source has
    told the split.
    """
    malignant = {member.group for member in members if member.malignant}
    divided = groups_in("val", splits, members) | groups_in("test", splits, members)
    source = members[own[0]].source
    divided |= {
        member.group
        for member in members
        if member.source != source and member.published
    }
    movable: dict[int, list[int]] = defaultdict(list)
    wanted = {True: 0.0, False: 0.0}
    for number in own:
        member = members[number]
        if splits[number] == "train":
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
