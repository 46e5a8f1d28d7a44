"""What is said about pictures that show no lesion at all, and what that costs.

Run: python -m benchmarks.quality_check.foreign_photos --models models --manifest
data/fanconic.csv
"""

import argparse
import collections
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.plan import chosen_models
from benchmarks.quality_check.foreign_drawings import KINDS, drawn
from benchmarks.text.tables import text_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.evaluation.intervals import wilson
from edge_runtime.files.atomic import write_text
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.photos.paths import photos_in
from edge_runtime.photos.quality import DOUBTS, photo_findings
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import MONITOR

LARGEST_FALSE_REJECTS = 0.005


@dataclass(frozen=True)
class Row:
    """One kind of picture.

    Attributes:
        kind: of picture.
        pictures: how many.
        unusable: of them, that get no verdict.
        doubtful: of the others, with a caution about what they show.
        monitor: of all, that a model calls ``monitor``, by the model's name.
    """

    kind: str
    pictures: int
    unusable: int
    doubtful: int
    monitor: dict[str, int]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Draw pictures of other things from a seed, take real ones where a"
        " folder is given, and count what the quality checks and the models say; count"
        " also how many photos of a manifest they refuse. Research and education;"
        " not a medical device.",
        epilog="exit status: 0 done; 1 nothing could be measured; 2 wrong usage; 4 a"
        " picture of something else is called monitor, or over 0.5 % of the train split"
        " is refused",
        formatter_class=Defaults,
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--manifest", type=Path, help="table of photos of lesions")
    parser.add_argument("--each", type=at_least(1), default=15, help="drawn, per kind")
    parser.add_argument("--photos", type=Path, help="folder of photos of other things")
    parser.add_argument("--out", type=Path, help="JSON file with all figures")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row per kind of drawing, then the folder, then the manifest's splits.

    Raises:
        EdgeRuntimeError: when a model or the manifest cannot be used.
    """
    with without_info_lines():
        judges = [
            LesionClassifier.load(path, site=False)
            for path in chosen_models(options.models, ()).values()
        ]
    for kind in KINDS:
        yield row(
            f"drawn: {kind}", (drawn(kind, at) for at in range(options.each)), judges
        )
    if options.photos:
        yield row(f"photos of {options.photos.name}", _squares(options.photos), judges)
    if options.manifest:
        photos = read_manifest(options.manifest)
        for split in ("train", "val", "test"):
            of_split = (read_photo(each.path) for each in photos if each.split == split)
            # The models' decisions on these are the benchmark's matter.
            yield row(f"lesions: {split}", of_split, ())


def row(
    kind: str,
    pictures: Iterable[NDArray[np.uint8]],
    judges: Sequence[LesionClassifier],
) -> Row:
    """What is said about pictures of one kind."""
    count = unusable = doubtful = 0
    monitor = dict.fromkeys((judge.card.name for judge in judges), 0)
    for picture in pictures:
        # The size matters to one finding only, about small photos.
        found = photo_findings(picture, picture[:32, :32])
        refused = any(finding.unusable for finding in found)
        count += 1
        unusable += refused
        doubtful += not refused and any(each.name in DOUBTS for each in found)
        for judge in judges:
            monitor[judge.card.name] += judge.classify(picture).decision == MONITOR
    return Row(kind, count, unusable, doubtful, monitor)


def _squares(folder: Path) -> Iterator[NDArray[np.uint8]]:
    """Each photo, and four squares cut out of it by chance."""
    chance = np.random.default_rng(0)
    for path in photos_in([folder]):
        try:
            picture = read_photo(path)
        except PhotoError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        yield picture
        short = min(picture.shape[:2])
        for _ in range(4):
            side = int(short * chance.uniform(0.4, 0.8))
            top, left = (
                int(chance.integers(0, length - side + 1))
                for length in picture.shape[:2]
            )
            yield picture[top : top + side, left : left + side]


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal, and for docs/device/runtime.md."""
    lines = [
        (
            each.kind,
            str(each.pictures),
            f"{each.unusable} ({_interval(each.unusable, each.pictures)})",
            str(each.doubtful),
            ", ".join(f"{name} {n}" for name, n in each.monitor.items() if n)
            or ("none" if each.monitor else "not measured"),
        )
        for each in rows
    ]
    head = ("pictures", "n", "unusable (95 %)", "doubtful", "called monitor")
    return text_table(head, lines)


def _interval(successes: int, n: int) -> str:
    interval = wilson(successes, n)
    return f"{interval.low:.1%} to {interval.high:.1%}"


def together(rows: Sequence[Row]) -> Row:
    """All drawn kinds as one row."""
    of_drawn = [each for each in rows if each.kind.startswith("drawn")]
    monitor: collections.Counter[str] = collections.Counter()
    for each in of_drawn:
        monitor.update(each.monitor)
    return Row(
        "all drawn",
        sum(each.pictures for each in of_drawn),
        sum(each.unusable for each in of_drawn),
        sum(each.doubtful for each in of_drawn),
        dict(monitor),
    )


def kept(rows: Sequence[Row]) -> bool:
    """Whether nothing foreign is called monitor and few lesions are refused."""
    refused = [each for each in rows if each.kind == "lesions: train"]
    return not any(sum(each.monitor.values()) for each in rows) and all(
        each.unusable <= LARGEST_FALSE_REJECTS * each.pictures for each in refused
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    options = parse(arguments)
    kinds = len(KINDS) + bool(options.photos) + 3 * bool(options.manifest)
    rows: list[Row] = []
    with ProgressLine() as line:
        line.show("kinds of pictures judged", 0, kinds)
        for each in measure(options):
            rows.append(each)
            line.show("kinds of pictures judged", len(rows), kinds)
    rows.append(together(rows))
    print(table(rows))
    if options.out:
        write_text(options.out, json.dumps([asdict(each) for each in rows], indent=2))
    return 0 if kept(rows) else 4


if __name__ == "__main__":
    raise SystemExit(main())
