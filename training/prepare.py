"""Write the manifest of a data set: labels, splits, lesions, duplicates.

Run: python training/prepare.py ../shared/data/fanconic --out data/fanconic.csv
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tqdm import tqdm

from edge_runtime.errors import EdgeRuntimeError, PhotoError
from edge_runtime.photos.manifest import write_manifest
from edge_runtime.terminal.command_parser import CommandParser
from training.datasets.download import SOURCES, download
from training.datasets.fingerprints import Fingerprint, fingerprint
from training.datasets.found_photos import FoundPhoto
from training.datasets.layouts import LAYOUTS, MANIFEST, layout_of, read_photos
from training.datasets.manifest_report import notes, report
from training.datasets.manifest_rows import Shares, grouped_rows, kept_rows
from training.datasets.near_duplicates import Candidate, find_duplicates


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    folder: Path | None
    download: str | None
    out: Path
    layout: str
    val_share: float
    test_share: float
    seed: int
    near_duplicates: bool


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Write the manifest that training, conversion and benchmarks read.",
        epilog="Layouts: "
        + "; ".join(f"{each.name} ({each.signs})" for each in LAYOUTS.values())
        + ". Exit status 3: written, but photos that cannot be read were left out.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", help="the folder that holds the data set"
    )
    parser.add_argument(
        "--download",
        choices=SOURCES,
        help="fetch the data set through kagglehub instead of naming a folder; needs"
        " a network and a Kaggle account (untested: written without a network)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("data/manifest.csv"), help="file to write"
    )
    parser.add_argument(
        "--layout", choices=["auto", *LAYOUTS], default="auto", help="see below"
    )
    parser.add_argument(
        "--val-share",
        type=float,
        default=0.1,
        help="share of the photos outside the test split that becomes the validation"
        " split, by whole lesions or patients, if none is published",
    )
    parser.add_argument(
        "--test-share",
        type=float,
        default=0.2,
        help="share of all photos that becomes the test split, by whole lesions or"
        " patients, if none is published; 0 for none",
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses the splits")
    parser.add_argument(
        "--duplicates",
        choices=("near", "exact"),
        default="near",
        help="near also finds copies that were scaled, turned or trimmed; exact only"
        " compares files, which is faster",
    )
    words = parser.parse_args(arguments)
    if (words.folder is None) == (words.download is None):
        parser.error("name either a folder or --download")
    if not 0 < words.val_share < 1 or not 0 <= words.test_share < 1:
        parser.error(
            "--val-share must lie between 0 and 1, --test-share from 0 to below 1;"
            f" got {words.val_share} and {words.test_share}"
        )
    if words.seed < 0:
        parser.error(f"--seed must be 0 or more; got {words.seed}")
    return Settings(
        folder=words.folder,
        download=words.download,
        out=words.out,
        layout=words.layout,
        val_share=words.val_share,
        test_share=words.test_share,
        seed=words.seed,
        near_duplicates=words.duplicates == "near",
    )


def prepare(settings: Settings) -> int:
    """Write the manifest and print what is in it; returns the exit status.

    Raises:
        EdgeRuntimeError: when the data set cannot be fetched or contradicts itself;
            no manifest is written then.
    """
    folder, layout_name = _where(settings)
    layout = layout_of(folder, layout_name)
    photos, fingerprints, failures = _readable(
        read_photos(folder, layout), looks=settings.near_duplicates
    )
    pairs = find_duplicates(fingerprints, watch=_comparing)
    if layout is MANIFEST:
        rows = kept_rows(photos, fingerprints, settings.out)
    else:
        shares = Shares(settings.val_share, settings.test_share, settings.seed)
        rows = grouped_rows(photos, fingerprints, pairs, settings.out, shares)
    write_manifest(settings.out, rows)
    print(f"{settings.out}: {len(rows):,} photos in the layout {layout.name}")
    print(report(rows, pairs))
    for note in notes(rows, pairs):
        print(f"note: {note}", file=sys.stderr)
    for failure in failures:
        print(f"error: left out: {failure}", file=sys.stderr)
    return 3 if failures else 0


def _where(settings: Settings) -> tuple[Path, str]:
    """The data set's folder, fetched if need be, and the name of its layout."""
    if settings.folder is not None:
        return settings.folder, settings.layout
    if settings.download is None:
        raise ValueError("either folder or download has to be set")
    own_layout = SOURCES[settings.download].layout
    layout = own_layout if settings.layout == "auto" else settings.layout
    return download(settings.download), layout


def _readable(
    photos: Sequence[FoundPhoto], *, looks: bool
) -> tuple[list[FoundPhoto], list[Fingerprint], list[PhotoError]]:
    """The photos that can be read, their fingerprints, and why others cannot."""
    kept, fingerprints, failures = [], [], []
    for photo in tqdm(photos, desc="reading photos", unit="photo", disable=None):
        try:
            fingerprints.append(fingerprint(photo.path, looks=looks))
        except PhotoError as error:
            failures.append(error)
        else:
            kept.append(photo)
    if not kept:
        raise PhotoError(f"none of the {len(photos)} photos can be read: {failures[0]}")
    return kept, fingerprints, failures


def _comparing(candidates: Sequence[Candidate]) -> Iterable[Candidate]:
    progress: Iterable[Candidate] = tqdm(
        candidates, desc="comparing likely duplicates", unit="pair", disable=None
    )
    return progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    try:
        return prepare(parse(arguments))
    except EdgeRuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: the manifest cannot be written: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; no manifest was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
