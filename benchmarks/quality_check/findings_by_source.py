"""How often photos of each source carry each finding, and what the limits rest on.

Run: python -m benchmarks.quality_check.findings_by_source --manifest data/all.csv
"""

import argparse
import collections
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.formatting import interval_in_words
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.errors import EdgeRuntimeError, PhotoError
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import (
    NO_SOURCE,
    SOURCE,
    LabelledPhoto,
    read_manifest,
)
from edge_runtime.photos.preprocessing import as_picture, centre_square, scaled
from edge_runtime.photos.quality import FINDING_NAMES, measures_of, square_findings
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE

TABLE = "findings_by_source.md"
QUANTILES = (0.0, 0.01, 0.5, 0.99, 1.0)
SIZE_PX = 32
"""Of the model; it matters to the finding ``small`` only."""


@dataclass(frozen=True)
class Seen:
    """One photo.

    Attributes:
        source: where it comes from.
        split: train, val or test.
        findings: names of the findings; those that make it unusable end in ``!``.
        measures: by name, see ``measures_of``.
    """

    source: str
    split: str
    findings: tuple[str, ...]
    measures: dict[str, float]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Count the findings of the quality check in each source and split"
        " of a manifest, and show the quantiles of every measure in the train split, on"
        " which the limits rest. Research and education; not a medical device.",
        epilog="exit status: 0 done; 1 the manifest cannot be used; 2 wrong usage; 3"
        " some photos could not be read",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("--manifest", type=Path, required=True, help="table with a column source")
    add(
        "--each",
        type=at_least(1),
        help="photos of every source and split, drawn by chance (default: all)",
    )
    add("--seed", type=int, default=0, help="of the draw")
    add("--out", type=Path, help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def look(photo: LabelledPhoto) -> Seen:
    """Measure one photo.

    Raises:
        PhotoError: when it cannot be read.
    """
    square = as_picture(centre_square(read_photo(photo.path)))
    found = square_findings(square, scaled(square, SIZE_PX))
    return Seen(
        photo.columns.get(SOURCE, "").strip() or NO_SOURCE,
        photo.split,
        tuple(f"{each.name}!" if each.unusable else each.name for each in found),
        measures_of(square),
    )


def drawn(
    photos: Sequence[LabelledPhoto], each: int | None, seed: int
) -> list[LabelledPhoto]:
    """At most ``each`` photos of every source and split; all if None."""
    if each is None:
        return list(photos)
    groups = collections.defaultdict(list)
    for photo in photos:
        groups[photo.columns.get(SOURCE, ""), photo.split].append(photo)
    chance = np.random.default_rng(seed)
    return [
        group[place]
        for group in groups.values()
        for place in sorted(chance.permutation(len(group))[:each].tolist())
    ]


def tables(seen: Sequence[Seen]) -> Iterator[Table]:
    """Shares of the findings, then the quantiles of the measures."""
    groups = collections.defaultdict(list)
    for photo in seen:
        groups[photo.source, photo.split].append(photo)
    yield Table(
        title="Photos with each finding, by source",
        head=("source", "split", "photos", *FINDING_NAMES, "unusable"),
        rows=tuple(
            (source, split, f"{len(group):,}", *_shares(group))
            for (source, split), group in sorted(groups.items())
        ),
        caption="Findings of the quality check, cautions and refusals together."
        " Unusable: photos that get no verdict, with the 95 % Wilson interval. The"
        f" model looks at {SIZE_PX} px. {NOTICE[0].upper()}{NOTICE[1:]}. Commit"
        f" {revision().commit or 'unknown'}.",
    )
    learnt = {
        source: group for (source, split), group in groups.items() if split == "train"
    }
    names = list(seen[0].measures)
    yield Table(
        title="Measures of the train split, by source",
        head=("measure", "source", *(f"{share:.0%} quantile" for share in QUANTILES)),
        rows=tuple(
            (name, source, *_quantiles([each.measures[name] for each in group]))
            for name in names
            for source, group in sorted(learnt.items())
        ),
        caption="The limits of edge_runtime/photos/quality.py rest on the 1 % and 99 %"
        " quantiles of the source where they are most extreme.",
    )


def _shares(group: Sequence[Seen]) -> Iterator[str]:
    for name in FINDING_NAMES:
        count = sum({name, f"{name}!"} & {*each.findings} != set() for each in group)
        yield f"{count / len(group):.1%}"
    refused = sum(any(x.endswith("!") for x in each.findings) for each in group)
    share = f"{refused / len(group):.2%}"
    yield f"{share} ({interval_in_words(wilson(refused, len(group)))})"


def _quantiles(values: Sequence[float]) -> Iterator[str]:
    found: NDArray[np.float64] = np.quantile(values, QUANTILES)
    return (f"{value:.3g}" for value in found)


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    photos = drawn(read_manifest(options.manifest), options.each, options.seed)
    seen: list[Seen] = []
    left_out: list[PhotoError] = []
    with ProgressLine() as progress:
        for place, photo in enumerate(photos):
            progress.show("photos", place, len(photos))
            try:
                seen.append(look(photo))
            except PhotoError as error:
                left_out.append(error)
    for problem in left_out:
        print(f"left out: {problem}", file=sys.stderr)
    if not seen:
        raise EdgeRuntimeError(f"no photo of {options.manifest} could be read")
    text = "\n\n".join(part for table in tables(seen) for part in markdown_table(table))
    print(text)
    if options.out is not None:
        write_text(options.out / TABLE, text + "\n")
    return 3 if left_out else 0


if __name__ == "__main__":
    raise SystemExit(main())
