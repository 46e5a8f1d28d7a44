"""What it changes to decode a large JPEG whole, as kits do, not at reduced scale.

Run: python -m benchmarks.costs.whole_decode --models models --photos samples
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.costs.large_photos import HEIGHT_PX, WIDTH_PX, enlarged
from benchmarks.measure.plan import chosen_models
from benchmarks.measure.timing import evenly_spaced
from edge_runtime.classifier import LesionClassifier
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.paths import photos_in
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: Path
    photos: Path
    count: int


@dataclass(frozen=True)
class Difference:
    """Between both ways, of one model over all photos.

    Attributes:
        model: name of the model.
        off: absolute differences of the probability, one for each photo.
        changed: photos that get another decision, findings included.
    """

    model: str
    off: tuple[float, ...]
    changed: int


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Enlarge photos to 12 megapixels and judge each twice: decoded"
        " whole, as the kits for apps do, and at the reduced scale that the runtime"
        f" takes. {NOTICE.capitalize()}.",
        epilog="exit status: 0 done; 1 an error; 2 wrong usage.",
        formatter_class=Defaults,
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--photos", type=Path, default=Path("samples"))
    parser.add_argument(
        "--count", type=at_least(1), default=20, help="photos to enlarge"
    )
    options = parser.parse_args(arguments)
    return Settings(options.models, options.photos, options.count)


def measure(settings: Settings) -> tuple[Difference, ...]:
    """Judge every photo both ways with every model.

    Raises:
        EdgeRuntimeError: when a model or a photo cannot be used.
    """
    photos = evenly_spaced(list(photos_in([settings.photos])), settings.count)
    with without_info_lines():
        classifiers = [
            LesionClassifier.load(path, site=False)
            for path in chosen_models(settings.models, ()).values()
        ]
    judged = [
        _both(classifiers, enlarged(path, seed)) for seed, path in enumerate(photos)
    ]
    return tuple(
        Difference(
            classifier.card.name,
            tuple(of_photo[place][0] for of_photo in judged),
            sum(of_photo[place][1] for of_photo in judged),
        )
        for place, classifier in enumerate(classifiers)
    )


def _both(
    classifiers: Iterable[LesionClassifier], photo: bytes
) -> list[tuple[float, bool]]:
    # Decoded once: it takes longer than all models together.
    decoded = read_photo(photo)
    found = []
    for classifier in classifiers:
        whole, reduced = classifier.classify(decoded), classifier.classify(photo)
        off = abs(whole.probability - reduced.probability)
        found.append((off, whole.decision != reduced.decision))
    return found


def table(differences: Iterable[Difference]) -> str:
    """The figures as Markdown."""
    rows = (
        f"| {each.model} | {np.median(each.off):.4f} | {max(each.off):.4f}"
        f" | {each.changed} of {len(each.off)} |"
        for each in differences
    )
    return "\n".join(
        (
            "| model | difference in probability, median | largest | other decision |",
            "|---|---|---|---|",
            *rows,
        )
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(table(measure(parse(arguments))))
    print(f"JPEG of {WIDTH_PX} x {HEIGHT_PX} pixels; {NOTICE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
