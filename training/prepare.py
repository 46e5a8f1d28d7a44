"""Write the manifest of one or several data sets: labels, splits, lesions, copies.

Run: python training/prepare.py ../shared/data/fanconic --out data/fanconic.csv
     python training/prepare.py my_photos --labels labels.csv --label-map mel=malignant
     python training/prepare.py ham10000 bcn20000 mine.csv --out data/all.csv
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tqdm import tqdm

from edge_runtime.errors import ManifestError, PhotoError
from edge_runtime.photos.manifest import write_manifest
from edge_runtime.terminal.command_parser import CommandParser, Defaults, from_keywords
from edge_runtime.terminal.exit_status import exit_status
from training.datasets.download import SOURCES, download
from training.datasets.fingerprints import Fingerprint, fingerprint
from training.datasets.label_tables import Columns, label_map
from training.datasets.layouts import LAYOUTS
from training.datasets.manifest_report import moves, notes, report
from training.datasets.manifest_rows import Listed, Shares, grouped_rows, kept_rows
from training.datasets.near_duplicates import Candidate, find_duplicates
from training.datasets.sources import (
    Reading,
    Source,
    contradictions,
    read_sources,
    source_of,
    without_repeats,
)

SOME_LEFT_OUT = 3


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    places: tuple[Path, ...]
    download: str | None
    out: Path
    reading: Reading = field(default_factory=Reading)
    held_out: tuple[str, ...] = ()
    val_share: float = 0.1
    test_share: float = 0.2
    seed: int = 0
    near_duplicates: bool = True


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.places) == (options.download is not None):
        parser.error("name either data sets or --download")
    if options.labels is not None and len(options.places) != 1:
        parser.error("--labels belongs to one folder of photos; name just that folder")
    if not 0 < options.val_share < 1 or not 0 <= options.test_share < 1:
        parser.error(
            "--val-share must lie between 0 and 1, --test-share from 0 to below 1;"
            f" got {options.val_share} and {options.test_share}"
        )
    if options.seed < 0:
        parser.error(f"--seed must be 0 or more; got {options.seed}")
    try:
        meanings, omitted = label_map(options.label_map)
    except ValueError as error:
        parser.error(f"--label-map: {error}")
    layout = options.layout
    if options.download is not None and layout == "auto":
        layout = SOURCES[options.download].layout
    columns = Columns(
        options.image_column,
        options.label_column,
        options.lesion_column,
        options.patient_column,
        options.split_column,
    )
    return Settings(
        places=tuple(options.places),
        download=options.download,
        out=options.out,
        reading=Reading(layout, options.labels, columns, meanings, omitted),
        held_out=tuple(options.hold_out),
        val_share=options.val_share,
        test_share=options.test_share,
        seed=options.seed,
        near_duplicates=options.duplicates == "near",
    )


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        description="Write the manifest that training, conversion and benchmarks read."
        " Several data sets become one: each photo keeps its source, copies are found"
        " across them, and a lesion lies on one side only.",
        epilog="Layouts: "
        + "; ".join(f"{each.name} ({each.signs})" for each in LAYOUTS.values())
        + ". Exit status: 0 written; 1 no manifest can be made; 2 wrong usage; 3"
        " written, but photos were left out, and are named.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "places",
        type=Path,
        nargs="*",
        metavar="data_set",
        help="a folder that holds a data set, a manifest, or a table of labels (CSV)",
    )
    add(
        "--download",
        choices=SOURCES,
        help="fetch the data set through kagglehub instead of naming a folder; needs"
        " a network and a Kaggle account (untested: written without a network)",
    )
    add("--out", type=Path, default=Path("data/manifest.csv"), help="file to write")
    add("--layout", choices=["auto", *LAYOUTS], default="auto", help="see below")
    add(
        "--labels",
        type=Path,
        help="table (CSV) with a photo and a label in each row, for the photos in the"
        " one folder given; a column for each class with one 1 in a row will do too",
    )
    add(
        "--label-map",
        action="append",
        default=[],
        metavar="LABEL=MEANING,...",
        help="what labels mean, such as mel=malignant,nv=benign,unknown=omit; omit"
        " leaves the photos out",
    )
    for what, meaning in (
        ("image", "the photo's path or name"),
        ("label", "its label; several, joined by commas, for a column of each class"),
        ("lesion", "the lesion"),
        ("patient", "the patient"),
        ("split", "train, val or test"),
    ):
        add(
            f"--{what}-column",
            default="",
            metavar="NAME",
            help=f"column of the table of labels that tells {meaning}; a usual name is"
            " found without",
        )
    add(
        "--hold-out",
        action="append",
        default=[],
        metavar="SOURCE",
        help="use this source for testing only, such as the name of its folder; may be"
        " repeated",
    )
    add(
        "--val-share",
        type=float,
        default=0.1,
        help="share of the photos outside the test split that becomes the validation"
        " split, by whole lesions or patients, if none is published",
    )
    add(
        "--test-share",
        type=float,
        default=0.2,
        help="share of all photos that becomes the test split, by whole lesions or"
        " patients, if none is published; 0 for none",
    )
    add("--seed", type=int, default=0, help="chooses the splits")
    add(
        "--duplicates",
        choices=("near", "exact"),
        default="near",
        help="near also finds copies that were scaled, turned or trimmed; exact only"
        " compares files, which is faster (the time of near grows with the square of"
        " the photos: 3,297 take some 15 s of a core, 28,753 some 4 minutes)",
    )
    return parser


def prepare(*places: str | Path, **options: Any) -> Path:
    """Write a manifest as ``lesion-edge prepare`` does; returns its path.

        prepare("photos", out="data/mine.csv")

    Photos that are left out are named on standard error.

    Args:
        places: folders of photos and manifests.
        options: those of the command, with underscores.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        EdgeRuntimeError: when a data set cannot be fetched or contradicts itself.
    """
    settings = from_keywords(parse, options, places=places)
    prepared(settings)
    return settings.out


def prepared(settings: Settings) -> int:
    """Write the manifest and print what is in it; returns the exit status.

    Raises:
        EdgeRuntimeError: when a data set cannot be fetched or contradicts itself;
            no manifest is written then.
    """
    _refuse_no_place(settings.out)
    places = settings.places
    if settings.download is not None:
        places = (download(settings.download),)
    sources = read_sources(places, settings.reading)
    for source in sources:
        if len(sources) > 1:
            print(
                f"{source.name}: {len(source.found.photos):,} photos ({source.layout})"
            )
    listed, repeats = _listed(sources, settings.held_out)
    kept, fingerprints, failures = _readable(listed, looks=settings.near_duplicates)
    pairs = find_duplicates(fingerprints, watch=_comparing)
    photos = [each.photo for each in kept]
    if len(sources) == 1 and sources[0].kept and not settings.held_out:
        rows = kept_rows(photos, fingerprints, settings.out)
        moved: list[str] = []
    else:
        shares = Shares(settings.val_share, settings.test_share, settings.seed)
        rows = grouped_rows(kept, fingerprints, pairs, settings.out, shares)
        given = ["" if each.held_out else each.photo.split for each in kept]
        moved = [*moves(rows, given, [each.kept for each in kept])]
    write_manifest(settings.out, rows)
    layouts = " and ".join(dict.fromkeys(source.layout for source in sources))
    print(f"{settings.out}: {len(rows):,} photos in the layout {layouts}")
    print(report(rows, pairs))
    told = [note for source in sources for note in source.found.notes]
    torn = contradictions(photos, [each.source for each in kept])
    for note in (*told, *repeats, *moved, *torn, *notes(rows, pairs)):
        print(f"note: {note}", file=sys.stderr)
    missing = [line for source in sources for line in source.found.left_out]
    left_out = [*missing, *map(str, failures)]
    for line in left_out:
        print(f"error: left out: {line}", file=sys.stderr)
    if left_out:
        print(
            f"{len(left_out)} of {len(left_out) + len(rows)} photos were left out",
            file=sys.stderr,
        )
    return SOME_LEFT_OUT if left_out else 0


def _refuse_no_place(out: Path) -> None:
    """Find out before the slow part that the manifest cannot be written.

    Raises:
        ManifestError: when it cannot.
    """
    folder = next(each for each in out.absolute().parents if each.exists())
    if out.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ManifestError(
            f"the manifest {out} cannot be written: {folder} is no folder that may be"
            " written to. Name another file with --out"
            if not out.is_dir()
            else f"the manifest {out} cannot be written: that is a folder. Name a file"
            " with --out"
        )


def _listed(
    sources: Sequence[Source], held_out: Sequence[str]
) -> tuple[list[Listed], tuple[str, ...]]:
    """All photos, each file once, and sentences on what was listed twice.

    Raises:
        ManifestError: for a source to hold out that is none of them.
    """
    photos = [photo for source in sources for photo in source.found.photos]
    names = [source_of(photo, each) for each in sources for photo in each.found.photos]
    kept = [source.kept for source in sources for _ in source.found.photos]
    unknown = sorted(set(held_out) - set(names))
    if unknown:
        raise ManifestError(
            f"--hold-out: there is no source {', '.join(unknown)}; expected some of"
            f" {sorted(set(names))}"
        )
    if set(held_out) == set(names):
        raise ManifestError("--hold-out: no source is left to train on")
    once, repeats = without_repeats(photos, names)
    return [
        Listed(photos[i], names[i], kept=kept[i], held_out=names[i] in held_out)
        for i in once
    ], repeats


def _readable(
    listed: Sequence[Listed], *, looks: bool
) -> tuple[list[Listed], list[Fingerprint], list[PhotoError]]:
    """The photos that can be read, their fingerprints, and why others cannot."""
    kept, fingerprints, failures = [], [], []
    for each in tqdm(listed, desc="reading photos", unit="photo", disable=None):
        try:
            fingerprints.append(fingerprint(each.photo.path, looks=looks))
        except PhotoError as error:
            failures.append(error)
        else:
            kept.append(each)
    if not kept:
        raise PhotoError(f"none of the {len(listed)} photos can be read: {failures[0]}")
    return kept, fingerprints, failures


def _comparing(candidates: Sequence[Candidate]) -> Iterable[Candidate]:
    progress: Iterable[Candidate] = tqdm(
        candidates, desc="comparing likely duplicates", unit="pair", disable=None
    )
    return progress


@exit_status(stopped="stopped; no manifest was written")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    return prepared(parse(arguments))


if __name__ == "__main__":
    raise SystemExit(main())
