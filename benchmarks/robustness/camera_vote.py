"""How the camera's vote does on recordings that a hand might have made.

Run: python -m benchmarks.robustness.camera_vote --models models --manifest data/fanconic.csv
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.measure.plan import chosen_models
from benchmarks.robustness.hand_held import HANDS, Hand, recording
from benchmarks.robustness.vote_rows import Recorded, Row, Seen, row, still_row, table
from edge_runtime.camera.frames import Frame
from edge_runtime.camera.look import MOST_MOVEMENT, Looker
from edge_runtime.camera.vote import VoteRule
from edge_runtime.classifier import LesionClassifier
from edge_runtime.files.atomic import write_text
from edge_runtime.photos.decoding import read_photo
from edge_runtime.photos.manifest import SPLITS, LabelledPhoto, photos_of, read_manifest
from edge_runtime.photos.preprocessing import load_pixels
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine

RULES = (
    VoteRule(1, 1, 1), VoteRule(3, 1, 1), VoteRule(3, 2, 1), VoteRule(5, 2, 1),
    VoteRule(5, 3, 2), VoteRule(7, 2, 1), VoteRule(7, 3, 2), VoteRule(7, 4, 3),
    VoteRule(11, 4, 3), VoteRule(11, 6, 5), VoteRule(15, 8, 7),
)  # fmt: skip
MOVEMENTS = (0.02, 0.05, 0.1, 0.15, 0.3)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line words into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Make two recordings of each lesion from its photo, as three hands"
        " would hold the camera, and vote on them under several rules. Research and"
        " education; not a medical device.",
        epilog="exit status: 0 done; 1 nothing could be measured; 2 wrong usage",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument(
        "--lesions", type=at_least(2), default=80, help="half of them malignant"
    )
    parser.add_argument("--out", type=Path, help="JSON file with all figures")
    return parser.parse_args(arguments)


def chosen_lesions(photos: Sequence[LabelledPhoto], count: int) -> list[LabelledPhoto]:
    """As many malignant as other photos, spread over the split.

    Raises:
        BenchmarkError: when a class has too few.
    """
    chosen = []
    for malignant in (True, False):
        of_class = [photo for photo in photos if photo.malignant == malignant]
        if len(of_class) < count // 2:
            raise BenchmarkError(
                f"the split has {len(of_class)} photos of a class; expected at least"
                f" {count // 2}. Ask for fewer --lesions"
            )
        step = len(of_class) / (count // 2)
        chosen += [of_class[int(step * place)] for place in range(count // 2)]
    return chosen


def recorded(
    lesions: Sequence[LabelledPhoto], judges: Sequence[LesionClassifier]
) -> Iterator[Recorded]:
    """Two recordings of each lesion by each hand, judged frame by frame."""
    with ProgressLine() as line:
        for place, lesion in enumerate(lesions):
            line.show("lesions", place, len(lesions))
            photo = read_photo(lesion.path)
            for hand in HANDS:
                for take in range(2):
                    frames = _judged(photo, hand, 2 * place + take, judges)
                    yield Recorded(hand.name, place, lesion.malignant, tuple(frames))


def _judged(
    photo: NDArray[np.uint8],
    hand: Hand,
    seed: int,
    judges: Sequence[LesionClassifier],
) -> Iterator[Seen]:
    looker = Looker(judges[0], "recording", 1.0)
    for number, (jpeg, _) in enumerate(recording(photo, hand, seed), 1):
        look = looker.look(Frame(number, 0, jpeg))
        scores = tuple(
            judge.score(load_pixels(jpeg, judge.card.input.size_px)) for judge in judges
        )
        yield Seen(look.sharp, look.movement, scores)


def rows_of(
    lesions: Sequence[LabelledPhoto], judges: Sequence[LesionClassifier]
) -> list[Row]:
    """The photos themselves, then every rule, then every limit of movement."""
    takes = list(recorded(lesions, judges))
    rows = [still_row(lesions, judge) for judge in judges]
    for model, judge in enumerate(judges):
        for hand in HANDS:
            of_hand = [take for take in takes if take.hand == hand.name]
            rows += [row(of_hand, rule, MOST_MOVEMENT, model, judge) for rule in RULES]
            rows += [
                row(of_hand, VoteRule(), movement, model, judge)
                for movement in MOVEMENTS
                if movement != MOST_MOVEMENT
            ]
    return rows


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    words = parse(arguments)
    photos = photos_of(read_manifest(words.manifest), words.split)
    lesions = chosen_lesions(photos, words.lesions)
    with without_info_lines():
        judges = [
            LesionClassifier.load(path, threads=1)
            for path in chosen_models(words.models, words.only).values()
        ]
    rows = rows_of(lesions, judges)
    print(table(rows))
    if words.out:
        write_text(words.out, json.dumps([asdict(each) for each in rows], indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
