"""The verb ``classify``: photos and folders in, one verdict per photo out."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.classifier import LesionClassifier
from edge_runtime.errors import PhotoError
from edge_runtime.native_log import without_info_lines
from edge_runtime.photo_list import photos_in
from edge_runtime.verdict import Verdict
from edge_runtime.verdict_table import WIDEST_NAME, heading, model_lines, row

SUMMARY = "judge photos of skin lesions"
DETAILS = """\
Prints one line per photo, with what the model's recall and specificity were when it
was measured. Photos that cannot be read are named on standard error; the rest go on.

--json prints one JSON object per line instead, in the order of the photos:
  {"type": "verdict", "photo": ..., "decision": ..., "probability": ..., ...}
  {"type": "error", "photo": ..., "error": ...}       for a photo that cannot be read

decision is "investigate", "uncertain", "monitor", or "unusable photo" (far too dark,
far too bright or blank), which is a verdict and no error.

exit status: 0 every photo has a verdict; 1 none has, or the model cannot be used;
2 wrong usage; 3 some photos have none.
"""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    places: tuple[Path, ...]
    json: bool
    threads: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's words."""
    parser.add_argument("model", type=Path, help="a .tflite file of this toolkit")
    parser.add_argument(
        "places",
        type=Path,
        nargs="+",
        metavar="photo_or_folder",
        help="photos, or folders to search for photos at any depth",
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument(
        "--threads",
        type=_positive,
        default=1,
        help="threads of the interpreter; more than 1 slows small models down",
    )


def run(words: argparse.Namespace) -> int:
    """Do what the parsed words ask for; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model cannot be used.
    """
    return classify(
        Settings(words.model, tuple(words.places), words.json, words.threads)
    )


def classify(settings: Settings) -> int:
    """Classify every photo and print the verdicts; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model cannot be used.
    """
    with without_info_lines():
        classifier = LesionClassifier.load(settings.model, threads=settings.threads)
    photos = tuple(photos_in(settings.places))
    print_verdict, print_failure = (
        _json_printers() if settings.json else _table_printers(classifier, photos)
    )
    failed = 0
    for photo in photos:
        try:
            verdict = classifier.classify(photo)
        except PhotoError as error:
            failed += 1
            print_failure(photo, error)
            print(f"error: {error}", file=sys.stderr)
        else:
            print_verdict(verdict)
    if failed:
        print(f"{failed} of {len(photos)} photos have no verdict", file=sys.stderr)
    return 1 if failed == len(photos) else 3 if failed else 0


Printers = tuple[Callable[[Verdict], None], Callable[[Path, PhotoError], None]]


def _json_printers() -> Printers:
    def print_verdict(verdict: Verdict) -> None:
        _print_now(json.dumps(verdict.to_json()))

    def print_failure(photo: Path, error: PhotoError) -> None:
        _print_now(
            json.dumps({"type": "error", "photo": str(photo), "error": str(error)})
        )

    return print_verdict, print_failure


def _table_printers(classifier: LesionClassifier, photos: Sequence[Path]) -> Printers:
    width = min(WIDEST_NAME, max(len(str(photo)) for photo in photos))
    for line in (*model_lines(classifier.card), "", heading(width)):
        _print_now(line)

    def print_verdict(verdict: Verdict) -> None:
        _print_now(row(verdict, width))

    def print_failure(photo: Path, error: PhotoError) -> None:
        pass  # The table holds verdicts only; standard error names the photo.

    return print_verdict, print_failure


def _print_now(line: str) -> None:
    # A long run should show its verdicts as they come, also through a pipe.
    print(line, flush=True)


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number
