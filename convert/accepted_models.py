"""Train and convert models as people build them, and write the table of accepted ones.

Run: python convert/accepted_models.py --page docs/accepted-models.md

Stopped, it goes on where it was: conversions that are done stay done.
"""

import json
import random
import shlex
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.errors import ConversionError
from convert.quantize.recipes import RECIPES
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    read_manifest,
    write_manifest,
)
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from training.framework import start_keras


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    manifest: Path | None
    photos: int
    weights: Path
    steps: int
    only: tuple[str, ...]
    recipe: tuple[str, ...]
    out: Path
    page: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Build common Keras classifiers, train each for a minute, convert"
        " each and compare. Research and education; not a medical device.",
    )
    add = parser.add_argument
    add("--manifest", type=Path, help="labelled photos; without it, drawn ones")
    add("--photos", type=int, default=300, help="of each class to train on, at most")
    add(
        "--weights",
        type=Path,
        default=Path("weights"),
        metavar="FOLDER",
        help="folder of ImageNet weights; rows that need one and lack it are left out",
    )
    add("--steps", type=int, default=60, help="of fine-tuning")
    add(
        "--recipe",
        action="append",
        choices=RECIPES,
        default=[],
        help="instead of qat_int8 and ptq_int8; may be given again",
    )
    add("--only", metavar="NAMES", default="", help="rows to make, with commas")
    add(
        "--out",
        type=Path,
        default=Path("results/accepted-models"),
        help="folder for models, files and finished rows",
    )
    add("--page", type=Path, help="Markdown to write, again after each conversion")
    options = parser.parse_args(arguments)
    if options.photos < 2 or options.steps < 1:
        parser.error("--photos must be at least 2 and --steps at least 1")
    only = tuple(filter(None, options.only.split(",")))
    given = {"only": only, "recipe": tuple(options.recipe)}
    return Settings(**{**vars(options), **given})


def run(settings: Settings) -> int:
    """Make what is not there yet; returns the number of refused conversions.

    Raises:
        ConversionError: when ``--only`` names no row.
    """
    manifest, photos = _photos(settings)
    start_keras()
    from convert.accepted.candidates import CANDIDATES
    from convert.accepted.judging import Supply, as_json, judged, why_not
    from training.fitting.record import commit_in_words

    names = [each.name for each in CANDIDATES]
    if unknown := {*settings.only} - {*names}:
        raise ConversionError(
            f"--only {', '.join(sorted(unknown))}: no such row; expected some of"
            f" {', '.join(names)}"
        )
    supply = Supply(
        manifest, photos, settings.out, settings.weights, settings.steps,
        commit_in_words(),
    )  # fmt: skip
    jobs = _jobs(settings)
    done = _finished(settings)
    missing = {each.name: why for each, _ in jobs if (why := why_not(each, supply))}
    open_jobs = [
        (each, recipe)
        for each, recipe in jobs
        if (each.name, recipe) not in done and each.name not in missing
    ]
    start = time.perf_counter()
    for number, (each, recipe) in enumerate(open_jobs):
        row = judged(each, recipe, supply)
        done[each.name, recipe] = row
        with _rows_path(settings).open("a", encoding="utf-8") as file:
            file.write(json.dumps(as_json(row)) + "\n")
        waiting = len(open_jobs) - number - 1
        left_s = (time.perf_counter() - start) / (number + 1) * waiting
        outcome = row.refused or f"scores moved by {row.mean_difference:.4f}"
        print(
            f"{each.name}, {recipe}: {outcome}; {waiting} to go, about"
            f" {left_s / 60:.0f} min",
            file=sys.stderr,
        )
        _write(settings, photos, done, missing)
    _write(settings, photos, done, missing)
    return sum(bool(row.refused) for row in done.values())


def _jobs(settings: Settings) -> list[tuple[Any, str]]:
    """Candidates and recipes, the first recipe of each before all second ones."""
    from convert.accepted.candidates import CANDIDATES

    wanted = [
        (place, number, each, recipe)
        for number, each in enumerate(CANDIDATES)
        if not settings.only or each.name in settings.only
        for place, recipe in enumerate(settings.recipe or each.recipes)
        if recipe in each.recipes or not RECIPES[recipe].trains
    ]
    ordered = sorted(wanted, key=lambda job: job[:2])
    return [(each, recipe) for _, _, each, recipe in ordered]


def _photos(settings: Settings) -> tuple[Path, Sequence[LabelledPhoto]]:
    """A table of some of the photos, and its rows; the same each time."""
    path = settings.out / "photos.csv"
    if path.is_file():
        return path, read_manifest(path)
    if settings.manifest is None:
        from training.synthetic.dataset import draw_table

        drawn = draw_table(settings.out / "drawn", 400, 400, size_px=96)
        photos = read_manifest(drawn)
    else:
        photos = read_manifest(settings.manifest)
    mixed = random.Random(0).sample(photos, len(photos))
    taken: Counter[tuple[str, bool]] = Counter()
    rows = []
    for photo in mixed:
        key = (photo.split, photo.malignant)
        most = settings.photos if photo.split == "train" else 150
        if photo.split != "test" and taken[key] < most:
            taken[key] += 1
            rows.append(_row(photo))
    settings.out.mkdir(parents=True, exist_ok=True)
    write_manifest(path, rows)
    return path, read_manifest(path)


def _row(photo: LabelledPhoto) -> dict[str, str]:
    return {
        "path": str(photo.path),
        "label": "malignant" if photo.malignant else "benign",
        "split": photo.split,
        "lesion": photo.lesion,
        "lesion_in_train": str(int(photo.lesion_in_train)),
        "diagnosis": photo.columns.get("diagnosis", ""),
    }


def _rows_path(settings: Settings) -> Path:
    return settings.out / "rows.jsonl"


def _finished(settings: Settings) -> dict[tuple[str, str], Any]:
    from convert.accepted.judging import from_json

    path = _rows_path(settings)
    if not path.is_file():
        return {}
    rows = [
        from_json(json.loads(line))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return {(row.name, row.recipe): row for row in rows}


def _write(
    settings: Settings,
    photos: Sequence[LabelledPhoto],
    done: dict[tuple[str, str], Any],
    missing: dict[str, str],
) -> None:
    if settings.page is None:
        return
    from convert.accepted.candidates import CANDIDATES
    from convert.accepted.page import page

    wanted = [(each.name, recipe) for each in CANDIDATES for recipe in each.recipes]
    others = [key for key in done if key not in wanted]
    places = [each.name for each in CANDIDATES]
    wanted = sorted([*wanted, *others], key=lambda key: places.index(key[0]))
    rows = [done[key] for key in wanted if key in done]
    absent = {
        f"{name}, `{recipe}`": missing.get(name, "not run yet")
        for name, recipe in wanted
        if (name, recipe) not in done
    }
    counts = Counter((photo.split, photo.malignant) for photo in photos)
    table = settings.manifest
    shown = "Drawn photos" if table is None else f"Photos of {table.parent.name}"
    text = (
        f"{shown}: {counts['train', True]} malignant and {counts['train', False]}"
        f" others to train on, {counts['val', True]} and {counts['val', False]} to"
        f" judge by; {settings.steps} steps of fine-tuning."
    )
    words = ["python", "convert/accepted_models.py", "--steps", str(settings.steps)]
    if settings.manifest is not None:
        words += ["--manifest", "MANIFEST"]
    words += ["--page", str(settings.page)]
    machine = describe_machine()
    write_text(settings.page, page(rows, absent, shlex.join(words), text, machine))


@exit_status(stopped="stopped; the same command goes on")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status: 3 where a model was refused."""
    return 3 if run(parse(arguments)) else 0


if __name__ == "__main__":
    raise SystemExit(main())
