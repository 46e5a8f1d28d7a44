"""From found photos and their duplicates to the rows of a manifest."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import ManifestError
from edge_runtime.photos.manifest import COLUMNS
from training.datasets.fingerprints import Fingerprint
from training.datasets.found_photos import FoundPhoto
from training.datasets.near_duplicates import DuplicatePair
from training.datasets.splits import Member, assigned, groups_in, joined

Row = dict[str, str]
OUR_COLUMNS = (*COLUMNS, "published_split", "sha256")


@dataclass(frozen=True)
class Shares:
    """How the photos are divided where the data set leaves it open.

    Attributes:
        val: share of the photos outside the test split, for validation.
        test: share of all photos, for testing.
        seed: chooses the groups.
    """

    val: float
    test: float
    seed: int


def grouped_rows(
    photos: Sequence[FoundPhoto],
    fingerprints: Sequence[Fingerprint],
    pairs: Iterable[DuplicatePair],
    manifest: Path,
    shares: Shares,
) -> list[Row]:
    """Rows of photos grouped by their data set's names and by duplicates.

    Args:
        photos: what the data set tells.
        fingerprints: one for each photo, in the same order.
        pairs: duplicates among them.
        manifest: the file to be written; paths are relative to its folder.
        shares: how to divide what is not published.

    Raises:
        ManifestError: when only one class is left.
    """
    _both_classes(photos)
    links = [(pair.first, pair.second) for pair in pairs] + _links_by_name(photos)
    groups = joined(len(photos), links)
    members = [
        Member(group, photo.malignant, photo.split)
        for group, photo in zip(groups, photos, strict=True)
    ]
    splits = assigned(
        members, val_share=shares.val, test_share=shares.test, seed=shares.seed
    )
    in_train = groups_in("train", splits, members)
    names = _group_names(groups, photos)
    others = _other_columns(photos)
    return [
        {
            "path": relative_path(photo.path, manifest),
            "label": _label(photo),
            "split": split,
            "lesion": names[group],
            "lesion_in_train": str(int(split == "test" and group in in_train)),
            "published_split": photo.split,
            "sha256": seen.sha256,
        }
        | {ours: photo.columns.get(theirs, "") for ours, theirs in others.items()}
        for photo, seen, split, group in zip(
            photos, fingerprints, splits, groups, strict=True
        )
    ]


def kept_rows(
    photos: Sequence[FoundPhoto], fingerprints: Sequence[Fingerprint], manifest: Path
) -> list[Row]:
    """Rows of a data set's own manifest: only the paths change.

    Args:
        photos: the rows of that manifest.
        fingerprints: one for each photo, in the same order.
        manifest: the file to be written; paths are relative to its folder.

    Raises:
        ManifestError: when a photo is not the one whose SHA-256 the manifest tells,
            or only one class is left.
    """
    _both_classes(photos)
    for photo, seen in zip(photos, fingerprints, strict=True):
        told = photo.columns.get("sha256", "")
        if told and told.lower() != seen.sha256:
            raise ManifestError(
                f"{photo.path} has SHA-256 {seen.sha256[:12]}..., its manifest says"
                f" {told[:12]}.... The photo was changed: fetch it again, or remove"
                " the column sha256 if the change was meant."
            )
    return [
        {
            "path": relative_path(photo.path, manifest),
            "label": _label(photo),
            "split": photo.split,
            "lesion": photo.group,
            "lesion_in_train": str(int(photo.lesion_in_train)),
        }
        | dict(photo.columns)
        for photo in photos
    ]


def relative_path(photo: Path, manifest: Path) -> str:
    """The photo's path as seen from the manifest's folder, with forward slashes."""
    # A photo may be a symbolic link and keeps its name; the folders are resolved,
    # since ".." leads elsewhere behind a linked folder.
    real = photo.parent.resolve() / photo.name
    return Path(os.path.relpath(real, manifest.parent.resolve())).as_posix()


def _both_classes(photos: Sequence[FoundPhoto]) -> None:
    if len({photo.malignant for photo in photos}) < 2:
        raise ManifestError(
            f"the {len(photos)} photos that can be read are all {_label(photos[0])};"
            " both classes are needed"
        )


def _label(photo: FoundPhoto) -> str:
    return "malignant" if photo.malignant else "benign"


def _links_by_name(photos: Sequence[FoundPhoto]) -> list[tuple[int, int]]:
    """Each photo of a named group, with the group's first photo."""
    first: dict[str, int] = {}
    return [
        (first.setdefault(photo.group, number), number)
        for number, photo in enumerate(photos)
        if photo.group
    ]


def _group_names(
    groups: Sequence[int], photos: Sequence[FoundPhoto]
) -> Mapping[int, str]:
    """The data set's name for each group, or a number of ours where it has none."""
    names: dict[int, str] = {}
    for group, photo in zip(groups, photos, strict=True):
        if photo.group:
            names.setdefault(group, photo.group)
    given = set(names.values())
    numbered = (name for name in map("g{:04d}".format, range(2 * len(groups) + 1)))
    free = (name for name in numbered if name not in given)
    return {group: names.get(group) or next(free) for group in dict.fromkeys(groups)}


def _other_columns(photos: Sequence[FoundPhoto]) -> dict[str, str]:
    """Our name for each further column, and the data set's name for it."""
    theirs = dict.fromkeys(name for photo in photos for name in photo.columns)
    return {
        f"original_{name}" if name in OUR_COLUMNS else name: name for name in theirs
    }
