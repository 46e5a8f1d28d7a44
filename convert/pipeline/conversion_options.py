"""Command-line words that say how to convert, and what to write."""

import argparse
from pathlib import Path

from convert.pipeline.settings import ALL
from convert.quantize.recipes import LEARNING_RATE, RECIPES, TARGET_RECALL
from convert.targets.table import TARGETS


def add_conversion_options(parser: argparse.ArgumentParser) -> None:
    """Add them, with their meaning for ``--help``."""
    recipes = "; ".join(
        f"{recipe.name}: {recipe.meaning}" for recipe in RECIPES.values()
    )
    add = parser.add_argument
    add(
        "--manifest",
        type=Path,
        required=True,
        help="table of training/prepare.py: its train split calibrates and fine-tunes,"
        " its val split chooses the threshold",
    )
    add(
        "--recipe",
        choices=(*RECIPES, ALL),
        default="qat_int8",
        help=f"{recipes}; {ALL}: each of these in turn, with a summary",
    )
    add(
        "--keep-float",
        action="append",
        default=[],
        metavar="LAYER",
        help="a layer that int8 recipes leave in floating point, such as the worst one"
        " of convert/compare_layers.py; may be given again",
    )
    add(
        "--target",
        choices=TARGETS,
        default="python",
        help="; ".join(f"{each.name}: {each.meaning}" for each in TARGETS.values()),
    )
    add(
        "--io",
        choices=("uint8", "int8", "float32"),
        default=argparse.SUPPRESS,
        help="dtype of input and output of int8 files, the target's if not given;"
        " other files have float32",
    )
    add(
        "--target-recall",
        type=float,
        default=TARGET_RECALL,
        help="share of the malignant validation photos that the threshold must find",
    )
    add("--steps", type=int, default=300, help="batches of 16 to fine-tune with")
    add(
        "--learning-rate",
        type=float,
        default=LEARNING_RATE,
        help="of the fine-tuning: a step, as a share of each weight's own size",
    )
    add("--seed", type=int, default=0, help="same seed, same bytes")
    add("--data-name", default="not stated", help="of the data set, for the card")
    add("--terms", default="not stated", help="of photos and weights, for the card")
    add(
        "--measure-test",
        action="store_true",
        help="also measure the test split for the card; once, for a final model",
    )
    add("--overwrite", action="store_true", help="replace the file if it exists")
    add("--out", type=Path, default=Path("models"), help="folder")
    add(
        "--calibration",
        type=Path,
        metavar="MANIFEST",
        help="table of the photos that show value ranges to ptq_int8; without it, 200"
        " of the train split are drawn, half of them malignant",
    )
    add(
        "--report",
        type=Path,
        metavar="FOLDER",
        help="write every photo's two scores, those that changed sides, the gates and"
        " a reliability diagram there, also if a gate fails",
    )
    add(
        "--card-only",
        action="store_true",
        help="the model is a .tflite file already: measure it as it is and write its"
        " card; no recipe and no target apply",
    )
    add(
        "--emit-c",
        action="store_true",
        help="also write the model as a C array with a header, for microcontrollers",
    )
    add(
        "--summary",
        type=Path,
        metavar="PAGE",
        help="write the table of several conversions there, as Markdown; with one more"
        " that compares qat_int8 with ptq_int8",
    )
