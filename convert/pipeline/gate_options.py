"""Command-line words of the quality gates."""

import argparse
from dataclasses import fields

from convert.checks.gates import GATES, Limits
from convert.quantize.recipes import RECIPES

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


def taken_limits(words: argparse.Namespace) -> Limits:
    """The limits among the parsed words, which are removed from there."""
    values = vars(words)
    taken = {}
    for field in fields(Limits):
        for prefix in ("max", "min"):
            if (option := f"{prefix}_{field.name}") in values:
                taken[field.name] = values.pop(option)
    return Limits(**taken)
