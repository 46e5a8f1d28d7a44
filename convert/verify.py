"""Check that a model file does here what its card says it does.

Run: python convert/verify.py models/cnn64.qat_int8.tflite --manifest data/fanconic.csv

Needs no TensorFlow. Repeats the golden vectors step by step and compares card, graph
and metadata with each other; with a manifest also the accuracy, photo by photo.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.errors import ConversionError
from convert.tflite.audit import audit
from convert.tflite.metadata import metadata_buffer
from edge_runtime.classifier import LesionClassifier
from edge_runtime.model.answers import answers_in
from edge_runtime.model.card import Accuracy, ModelCard
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.model.interpreter import open_model_file
from edge_runtime.model.operating_point import accuracy
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    of_source,
    photos_of,
    read_manifest,
)
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines

SAME_SHARE = 0.01
"""Difference of recall or specificity allowed across kernel families, whose scores
differ by a step or two; within a family the counts must be equal."""

SPLITS = {"val": ("val", False), "test": ("test", False), "test_clean": ("test", True)}
"""Sets that a card measures: a split of the manifest, and whether only clean photos."""


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        what: was looked at.
        problems: what is wrong; empty if nothing.
    """

    what: str
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """One line, and one for each problem."""
        word = "FAILED" if self.problems else "ok"
        return "\n".join(
            (f"{word:7} {self.what}", *(f"        {x}" for x in self.problems))
        )


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    file: Path
    manifest: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Check a model file on this machine: golden vectors, card, graph,"
        " metadata; with --manifest its accuracy too. Exit status 4: a check failed."
        " Research and education; not a medical device."
    )
    parser.add_argument(
        "file", type=Path, help="a .tflite file that convert/to_tflite.py wrote"
    )
    parser.add_argument(
        "--manifest",
        type=Path,
        help="table of the photos that the card's accuracy was measured on",
    )
    options = parser.parse_args(arguments)
    return Settings(options.file, options.manifest)


def verify(settings: Settings) -> Iterator[Check]:
    """Each check in turn; what makes the next impossible raises.

    Raises:
        ModelFileError: when the file is missing, damaged or carries no card.
        CardMismatchError: when card and model are not each other's.
        ManifestError: when the table cannot be used.
    """
    file = read_model_file(settings.file)
    yield Check("file whole, card's SHA-256 is that of the model", ())
    model = open_model_file(file)
    yield Check("tensors are those of the card", ())
    yield Check("graph is what the recipe says", _attempted(lambda: _graph(file)))
    yield Check("metadata and labels agree with the card", tuple(_described(file)))
    differences = tuple(str(each) for each in check_golden(file))
    golden = f"golden vectors, made with {file.card.provenance.kernel_family} kernels,"
    yield Check(f"{golden} repeated with {model.kernel_family}", differences)
    if settings.manifest is not None:
        yield from _measured(file, settings.manifest, model.kernel_family)


def _attempted(check: Callable[[], Sequence[str]]) -> tuple[str, ...]:
    try:
        return tuple(check())
    except ConversionError as error:
        return (str(error),)


def _graph(file: ModelFile) -> Sequence[str]:
    promised = file.card.provenance.quantisation
    found = audit(file.model, int8=promised.get("activations") == "int8")
    if found.quantisation == promised:
        return ()
    return (f"the card says {dict(promised)}, the graph is {dict(found.quantisation)}",)


def _described(file: ModelFile) -> Iterator[str]:
    buffer = metadata_buffer(file.model)
    if buffer is None:
        yield "the model carries no TFLite metadata"
    elif file.card.name.encode() not in buffer:
        yield f"the TFLite metadata does not name {file.card.name}"
    if len(file.labels) > 1 and file.card.threshold.probability != 0.5:
        yield "two classes, but the threshold is not 0.5"


def _measured(file: ModelFile, manifest: Path, family: str) -> Iterator[Check]:
    photos = read_manifest(manifest)
    classifier = LesionClassifier.load(file.path, site=False)
    exact = family == file.card.provenance.kernel_family
    for promised in file.card.accuracy:
        if promised.split not in SPLITS:
            continue
        split, clean = SPLITS[promised.split]
        rows = photos_of(photos, split, clean=clean)
        if promised.source is not None:
            rows = of_source(rows, promised.source)
        if len({photo.malignant for photo in rows}) < 2:
            yield Check(
                f"accuracy on {promised.photos}",
                (
                    f"the manifest has no malignant and other photos of that set;"
                    f" {promised.recall.n} and {promised.specificity.n} are on the"
                    " card. Are these its photos?",
                ),
            )
            continue
        found = _accuracy(classifier, rows, promised)
        what = (
            f"accuracy on {promised.photos} ({found.recall.n + found.specificity.n}"
            f" photos): recall {found.recall.value:.3f}, specificity"
            f" {found.specificity.value:.3f}, AUC {found.auc:.4f}"
        )
        yield Check(what, tuple(_differences(found, promised, exact)))


def _accuracy(
    classifier: LesionClassifier, photos: Sequence[LabelledPhoto], promised: Accuracy
) -> Accuracy:
    card: ModelCard = classifier.card
    asked = card.answers.questions if card.answers else ()
    return accuracy(
        np.array([int(photo.malignant) for photo in photos]),
        np.array(
            [
                classifier.score(
                    load_pixels(photo.path, card.input.size_px),
                    answers_in(photo.columns, asked),
                )
                for photo in photos
            ]
        ),
        card.threshold.score,
        temperature=card.temperature,
        split=promised.split,
    )


def _differences(found: Accuracy, promised: Accuracy, exact: bool) -> Iterator[str]:
    for name in ("recall", "specificity"):
        ours, theirs = getattr(found, name), getattr(promised, name)
        same = (ours.successes, ours.n) == (theirs.successes, theirs.n)
        near = ours.n == theirs.n and abs(ours.value - theirs.value) <= SAME_SHARE
        if not same and (exact or not near):
            yield (
                f"{name} is {ours.successes}/{ours.n} here, {theirs.successes}/"
                f"{theirs.n} on the card. Are these its photos?"
            )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    failed = 0
    with without_info_lines():
        for check in verify(parse(arguments)):
            print(check)
            failed += bool(check.problems)
    return 4 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
