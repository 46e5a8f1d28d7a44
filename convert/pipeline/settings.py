"""What a conversion is asked for."""

import argparse
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from convert.checks.gates import GATES, Limits
from convert.quantize.recipes import (
    AI_EDGE,
    LEARNING_RATE,
    RECIPES,
    TARGET_RECALL,
    FineTuning,
    Recipe,
)
from convert.source.options import SourceOptions
from convert.targets.table import TARGETS, Target
from edge_runtime.model.domain import DERMOSCOPIC, DOMAINS

ALL = "all"
"""Stands for every recipe."""


@dataclass(frozen=True, kw_only=True)
class Settings(SourceOptions):
    """What the command line asks for; one field per option."""

    manifest: Path
    recipe: str
    target: str
    io: str
    target_recall: float
    steps: int
    learning_rate: float
    seed: int
    data_name: str
    terms: str
    measure_test: bool
    overwrite: bool
    out: Path
    calibration: Path | None = None
    report: Path | None = None
    summary: Path | None = None
    emit_c: bool = False
    card_only: bool = False
    verbose: bool = False
    accept: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    keep_float: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    domain: str = DERMOSCOPIC

    def jobs(self) -> tuple["Settings", ...]:
        """One for each model and recipe; with ``all``, those that the target runs.

        The recipe of an optional package, which refuses some networks, is asked for by
        its name only.
        """
        every = tuple(each for each in RECIPES if each != AI_EDGE)
        recipes = every if self.recipe == ALL else (self.recipe,)
        return tuple(
            replace(self, keras_model=model, recipe=recipe, other_models=())
            for model in (self.keras_model, *self.other_models)
            for recipe in recipes
            if self.recipe != ALL or self.chosen_target.problem(recipe, self.io) is None
        )

    @property
    def chosen_recipe(self) -> Recipe:
        """The row of the table of recipes."""
        return RECIPES[self.recipe]

    @property
    def chosen_target(self) -> Target:
        """The row of the table of targets."""
        return TARGETS[self.target]

    @property
    def tuning(self) -> FineTuning:
        """How to fine-tune, for recipes that do."""
        return FineTuning(self.steps, self.learning_rate, self.keep_float, self.seed)

    def name_of(self, network: str) -> str:
        """``NETWORK.RECIPE``, with the target unless it is our own runtime.

        The name and version asked for take the network's place.
        """
        ending = "" if self.target == "python" else f".{self.target}"
        return f"{self.first_name(network)}.{self.recipe}{ending}"

    def first_name(self, network: str) -> str:
        """The name and version asked for; the network where none is."""
        if not self.name:
            return network
        return f"{self.name}-{self.version}" if self.version else self.name


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
    add(
        "--domain",
        choices=DOMAINS,
        default=DERMOSCOPIC,
        help="kind of photo that the model is for, for the card: "
        + "; ".join(f"{name}: {words}" for name, words in DOMAINS.items()),
    )
    add("--terms", default="not stated", help="of photos and weights, for the card")
    add(
        "--measure-test",
        action="store_true",
        help="also measure the test split for the card; once, for a final model",
    )
    add(
        "--name",
        type=_name,
        default="",
        help="of the model, such as acme, in place of the network's in the file's name,"
        " its card, kits and pages",
    )
    add(
        "--version",
        type=_name,
        default="",
        help="of the model, such as 1; follows --name: acme-1.qat_int8.tflite",
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
        help="write every photo's two scores, the flipped decisions, the gates and"
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
        "--verbose",
        action="store_true",
        help="show messages of Keras and TensorFlow whole",
    )
    add(
        "--summary",
        type=Path,
        metavar="PAGE",
        help="write the table of several conversions there, as Markdown; with one more"
        " that compares qat_int8 with ptq_int8",
    )


def _name(text: str) -> str:
    """A part of a file's name that every system and shell takes as it is; or none."""
    if not re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.+-]{0,63})?", text):
        raise argparse.ArgumentTypeError(
            "expected up to 64 of a-z, A-Z, 0-9 and, behind the first, . _ + -; got"
            f" {text!r}"
        )
    return text


EPILOG = (
    "The file is written only if it passes these gates on the validation split: no"
    " operation in floating point in an int8 file; no score that is not a number; not"
    " one score for all photos; calibration photos that share no file and no lesion"
    " with validation or test. Those four cannot be overridden, the following can: "
    + "; ".join(f"{name}: {meaning}" for name, meaning in GATES.items())
    + ". Exit status 4 tells that a gate failed; then no file is written."
)


def add_gate_options(parser: argparse.ArgumentParser) -> None:
    """Add them, with their meaning and limits for ``--help``."""
    limits = Limits()
    drops = ", ".join(f"{each.name} {each.max_auc_drop}" for each in RECIPES.values())
    add = parser.add_argument_group("quality gates").add_argument
    add(
        "--max-auc-drop",
        type=float,
        default=argparse.SUPPRESS,
        help=f"gate auc-drop (default: {drops})",
    )
    add(
        "--max-recall-drop",
        type=float,
        default=limits.recall_drop,
        help="gate recall-drop, at the same specificity; one lesion is allowed where"
        " that is more",
    )
    add(
        "--max-malignant-lost",
        type=float,
        default=limits.malignant_lost,
        help="gate malignant-lost, as a share of the malignant photos; one is allowed",
    )
    changes = ", ".join(f"{x.name} {x.max_score_change}" for x in RECIPES.values())
    add(
        "--max-score-change",
        type=float,
        default=argparse.SUPPRESS,
        help="gate score-change, of the mean; the 95 %% quantile may be four times, the"
        f" mean with its sign three quarters of it (default: {changes})",
    )
    add(
        "--min-distinct-scores",
        type=int,
        default=limits.distinct_scores,
        help="gate distinct-scores",
    )
    add(
        "--min-calibration-balance",
        type=float,
        default=limits.calibration_balance,
        help="gate calibration-balance",
    )
    add(
        "--max-calibration-drift",
        type=float,
        default=limits.calibration_drift,
        help="gate calibration-drift, of the median layer",
    )
    add(
        "--accept",
        action="append",
        choices=tuple(GATES),
        default=[],
        help="write the file though this gate fails, and record so in its card; may be"
        " given again",
    )


def taken_limits(options: argparse.Namespace) -> Limits:
    """The limits among the parsed options, which are removed from there."""
    values = vars(options)
    taken = {}
    for limit in fields(Limits):
        for prefix in ("max", "min"):
            if (option := f"{prefix}_{limit.name}") in values:
                taken[limit.name] = values.pop(option)
    return Limits(**taken)
