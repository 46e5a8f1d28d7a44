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
from training.datasets.sources import group_name, links
from training.datasets.splits import Member, assigned, groups_in, joined

Row = dict[str, str]
OUR_COLUMNS = (*COLUMNS, "source", "published_split", "sha256")


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


@dataclass(frozen=True)
class Listed:
    """One photo among those of all data sets.

    Attributes:
        photo: what its data set tells.
        source: name of that.
        kept: whether its split is that of a manifest, and not to be drawn anew.
        held_out: whether the source is for testing only.
    """

    photo: FoundPhoto
    source: str
    kept: bool = False
    held_out: bool = False


def grouped_rows(
    listed: Sequence[Listed],
    fingerprints: Sequence[Fingerprint],
    pairs: Iterable[DuplicatePair],
    manifest: Path,
    shares: Shares,
) -> list[Row]:
    """Rows of photos grouped by their data sets' names and by duplicates.

    Args:
        listed: what the data sets tell.
        fingerprints: one for each photo, in the same order.
        pairs: duplicates among them.
        manifest: the file to be written; paths are relative to its folder.
        shares: how to divide what is not published.

    Raises:
        ManifestError: when only one class is left, or a photo is not the one whose
            SHA-256 its manifest tells.
    """
    photos = [each.photo for each in listed]
    _both_classes(photos)
    _check_hashes(photos, fingerprints)
    sources = [each.source for each in listed]
    named = links(photos, sources)
    groups = joined(len(photos), [(pair.first, pair.second) for pair in pairs] + named)
    members = [
        Member(
            group,
            each.photo.malignant,
            "test" if each.held_out else each.photo.split,
            each.source,
            kept=each.kept or each.held_out,
            held_out=each.held_out,
        )
        for group, each in zip(groups, listed, strict=True)
    ]
    splits = assigned(
        members, val_share=shares.val, test_share=shares.test, seed=shares.seed
    )
    in_train = groups_in("train", splits, members)
    several = len(set(sources)) > 1
    names = _group_names(
        groups,
        [group_name(each.photo, each.source, several=several) for each in listed],
    )
    others = _other_columns(listed)
    return [
        {
            "path": relative_path(each.photo.path, manifest),
            "label": _label(each.photo),
            "split": split,
            "lesion": names[group],
            "lesion_in_train": str(
                int(
                    split == "test"
                    and (group in in_train or each.photo.lesion_in_train)
                )
            ),
            "source": each.source,
            "published_split": each.photo.split,
            "sha256": seen.sha256,
        }
        | _others(each, others)
        for each, seen, split, group in zip(
            listed, fingerprints, splits, groups, strict=True
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
    _check_hashes(photos, fingerprints)
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


def _check_hashes(
    photos: Sequence[FoundPhoto], fingerprints: Sequence[Fingerprint]
) -> None:
    for photo, seen in zip(photos, fingerprints, strict=True):
        told = photo.columns.get("sha256", "")
        if told and told.lower() != seen.sha256:
            raise ManifestError(
                f"{photo.path} has SHA-256 {seen.sha256[:12]}..., its manifest says"
                f" {told[:12]}.... The photo was changed: fetch it again, or remove"
                " the column sha256 if the change was meant."
            )


def _group_names(groups: Sequence[int], told: Sequence[str]) -> Mapping[int, str]:
    """The data set's name for each group, or a number of ours where it has none."""
    names: dict[int, str] = {}
    for group, name in zip(groups, told, strict=True):
        if name:
            names.setdefault(group, name)
    given = set(names.values())
    numbered = (name for name in map("g{:04d}".format, range(2 * len(groups) + 1)))
    free = (name for name in numbered if name not in given)
    return {group: names.get(group) or next(free) for group in dict.fromkeys(groups)}


# What a manifest tells under the same name as we do, and means the same by.
_SAME_IN_MANIFESTS = ("source", "published_split", "sha256")


def _other_columns(listed: Sequence[Listed]) -> dict[tuple[bool, str], str]:
    """Our name for each further column, by whether a manifest has it, and its name."""
    names = dict.fromkeys(
        (each.kept, name) for each in listed for name in each.photo.columns
    )
    return {
        (kept, name): f"original_{name}"
        if name in OUR_COLUMNS and not (kept and name in _SAME_IN_MANIFESTS)
        else name
        for kept, name in names
    }


def _others(each: Listed, names: Mapping[tuple[bool, str], str]) -> Row:
    """The photo's further cells, empty where its data set has no such column."""
    cells = dict.fromkeys(
        (ours for ours in names.values() if ours not in OUR_COLUMNS), ""
    )
    for name, cell in each.photo.columns.items():
        ours = names[each.kept, name]
        if ours == "published_split" and cell:
            cells[ours] = cell
        elif ours not in OUR_COLUMNS:
            cells[ours] = cell
    return cells
