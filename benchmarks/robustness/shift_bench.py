"""How a model file does when camera, lamp or hand change: the shift bench.

Run: python -m benchmarks.robustness.shift_bench --models models --manifest
data/fanconic.csv
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import colour_baseline
from benchmarks.measure.plan import chosen_models, fitted_baseline
from benchmarks.robustness.changes import SHIFTS, SHORTCUTS, STRENGTHS, shifted
from benchmarks.robustness.shift_cache import keep_rows, kept_rows, key_of
from benchmarks.robustness.shift_report import (
    NO_SHIFT,
    Scorer,
    ShiftReport,
    ShiftRow,
    markdown,
    row_of,
)
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.sources import judged_sources
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import (
    SPLITS,
    LabelledPhoto,
    photos_of,
    read_manifest,
    sources_of,
)
from edge_runtime.photos.preprocessing import centre_square, resize
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine

# Photos are changed at this side at most, as a phone's preview would show them.
LARGEST_PX = 256


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    manifest: Path
    split: str
    out: Path
    only: tuple[str, ...]
    again: bool = False


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Judge the photos of a split as other cameras, lamps and hands"
        " would have taken them, with every model file at its own threshold; then with"
        " the lesion or its surroundings taken away, to show what else a file reads."
        " Test photos of lesions that are in train are left out, and each source of"
        " the manifest is judged by itself.",
        formatter_class=Defaults,
    )
    option = parser.add_argument
    option("--models", type=Path, default=Path("models"), help="folder of .tflite")
    option("--manifest", type=Path, required=True, help="table of labelled photos")
    option("--split", choices=SPLITS, default="test", help="whose photos are judged")
    option("--only", nargs="+", default=[], metavar="NAME", help="just these files")
    option("--out", type=Path, default=Path("results"), help="folder of the results")
    option(
        "--again",
        action="store_true",
        help="judge also what OUT/shift_cache holds from an earlier run",
    )
    options = parser.parse_args(arguments)
    return Settings(**{**vars(options), "only": tuple(options.only)})


def bench(settings: Settings) -> None:
    """Judge, write shifts.json and shifts.md, print the table."""
    models = chosen_models(settings.models, settings.only)
    photos = read_manifest(settings.manifest)
    chosen = photos_of(photos, settings.split, clean=True)
    keys = _keys(settings, models)
    found = {name: kept_rows(settings.out, key) for name, key in keys.items()}
    kept = {name: rows for name, rows in found.items() if rows and not settings.again}
    with ProgressLine() as line:
        scorers = [
            _scorer(name, path) for name, path in models.items() if name not in kept
        ]
        if colour_baseline.NAME in keys.keys() - kept.keys():
            baseline = fitted_baseline(photos, line.show)
            scorers.append(
                Scorer(
                    colour_baseline.NAME,
                    colour_baseline.IMAGE_SIZE_PX,
                    baseline.threshold,
                    baseline.score,
                )
            )
        squares = list(split_squares(chosen)) if scorers else []
        rows = _rows(scorers, squares, chosen, line)
    for scorer in scorers:
        kept[scorer.name] = tuple(row for row in rows if row.model == scorer.name)
        keep_rows(settings.out, keys[scorer.name], kept[scorer.name])
    # By version, then by model, whichever of them were judged now.
    ordered = tuple(
        row
        for version in zip(*(kept[name] for name in keys), strict=True)
        for row in version
    )
    report = ShiftReport(
        split=settings.split,
        photos=len(chosen),
        commit=revision().commit,
        rows=ordered,
        sources=tuple(
            filter(None, judged_sources(_labels(chosen), sources_of(chosen)))
        ),
    )
    write_text(settings.out / "shifts.json", to_json(report))
    text = markdown(report)
    write_text(settings.out / "shifts.md", text)
    print(text)


def _keys(settings: Settings, models: Mapping[str, Path]) -> dict[str, str]:
    """Of everything that judges, in the report's order."""
    contents = {name: path.read_bytes() for name, path in models.items()}
    if not settings.only or colour_baseline.NAME in settings.only:
        contents[colour_baseline.NAME] = b""
    return {
        name: key_of(name, content, settings.manifest, settings.split)
        for name, content in contents.items()
    }


def _scorer(name: str, path: Path) -> Scorer:
    classifier = LesionClassifier.load(path, site=False)
    card = classifier.card
    return Scorer(name, card.input.size_px, card.threshold.score, classifier.score)


def split_squares(photos: Iterable[LabelledPhoto]) -> Iterator[NDArray[np.uint8]]:
    """The photos' centre squares, RGB, as large as they are changed."""
    for photo in photos:
        square = centre_square(read_photo(photo.path))
        yield resize(square, LARGEST_PX) if len(square) > LARGEST_PX else square


def _versions(
    squares: Sequence[NDArray[np.uint8]],
) -> Iterator[tuple[str, int, list[NDArray[np.uint8]]]]:
    """Name, strength and photos of every version; the photos as they are first."""
    yield NO_SHIFT, 0, list(squares)
    for name, shift in {**SHIFTS, **SHORTCUTS}.items():
        for strength in STRENGTHS:
            yield (
                name,
                strength,
                [
                    shifted(square, shift, strength, seed)
                    for seed, square in enumerate(squares)
                ],
            )


def _rows(
    scorers: Sequence[Scorer],
    squares: Sequence[NDArray[np.uint8]],
    photos: Sequence[LabelledPhoto],
    line: ProgressLine,
) -> list[ShiftRow]:
    labels, sources = _labels(photos), sources_of(photos)
    total = 1 + (len(SHIFTS) + len(SHORTCUTS)) * len(STRENGTHS)
    rows: list[ShiftRow] = []
    if not scorers:
        return rows
    for place, (name, strength, versions) in enumerate(_versions(squares)):
        now = f"{name} {strength or ''}".strip()
        line.show("versions of the photos judged", place, total, now)
        views: Mapping[int, list[NDArray[np.uint8]]] = {
            size: [resize(square, size) for square in versions]
            for size in {scorer.size_px for scorer in scorers}
        }
        for scorer in scorers:
            scores = np.array([scorer.score(view) for view in views[scorer.size_px]])
            rows.append(row_of(scorer, name, strength, labels, scores, sources))
    return rows


def _labels(photos: Sequence[LabelledPhoto]) -> NDArray[np.int64]:
    return np.array([int(photo.malignant) for photo in photos])


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    bench(parse(arguments))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
