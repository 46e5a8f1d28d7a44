"""Fit the out-of-distribution check to the photos that models learn from.

Run: python training/fit_familiarity.py --manifest data/fanconic.csv
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray

from edge_runtime.evaluation.sources import photos_by_source
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import CHECKOUT
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.familiarity import MEASURES, fitted, measures
from edge_runtime.photos.manifest import LabelledPhoto, read_manifest, sources_of
from edge_runtime.photos.measures import structure
from edge_runtime.photos.preprocessing import as_picture, centre_square, scaled
from edge_runtime.photos.quality import LOOK_PX
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status

# Six digits: rounding then moves no distance by a thousandth.
DIGITS = 6


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Measure the training and validation photos of a manifest and write"
        " mean and spread, for the runtime and for the page.",
        epilog="exit status: 0 written; 1 a photo or the manifest cannot be used; 2"
        " wrong usage",
        formatter_class=Defaults,
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument(
        "--each", type=at_least(1), default=700, help="photos of every source"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=CHECKOUT / "edge_runtime/photos/familiar.json",
        help="JSON",
    )
    parser.add_argument(
        "--script", type=Path, default=CHECKOUT / "web_demo/static/js/familiar.js"
    )
    return parser.parse_args(arguments)


def measured(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The measures of one photo, as the runtime takes them."""
    square = as_picture(centre_square(image))
    look = scaled(square, min(LOOK_PX, square.width))
    return measures(look, structure(look))


def drawn_evenly(
    photos: Sequence[LabelledPhoto], each: int
) -> tuple[LabelledPhoto, ...]:
    """As many photos of every source, so that no camera sets the measure for all.

    Of a source that has fewer than ``each``, all; photos of one source are all kept.
    """
    sources = sources_of(photos)
    if sources is None:
        return tuple(photos)
    generator = np.random.default_rng(0)
    chosen = [
        generator.permutation(np.flatnonzero(mask))[:each]
        for mask in photos_by_source(sources).values()
    ]
    return tuple(photos[place] for place in np.sort(np.concatenate(chosen)))


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    photos = drawn_evenly(
        [photo for photo in read_manifest(options.manifest) if photo.split != "test"],
        options.each,
    )
    rows = [measured(read_photo(photo.path)) for photo in photos]
    if len(rows) <= len(MEASURES):
        print(
            f"error: {options.manifest} has {len(rows)} photos to learn from; expected"
            f" more than {len(MEASURES)}, and some hundreds to be of use",
            file=sys.stderr,
        )
        return 1
    mean, whitening = fitted(np.stack(rows))
    values = {
        "photos": len(rows),
        "mean": mean.round(DIGITS).tolist(),
        "whitening": whitening.round(DIGITS).tolist(),
    }
    write_text(options.out, json.dumps(values) + "\n")
    write_text(
        options.script,
        "// Written by training/fit_familiarity.py, as familiar.json.\n"
        f"export const FAMILIAR = {json.dumps(values)};\n",
    )
    print(f"{len(rows)} photos: {options.out}, {options.script}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
