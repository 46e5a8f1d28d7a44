"""How several files do together: the mean of their logits, and a meta-learner.

The meta-learner is a logistic regression on the members' logits, learnt on the
validation photos (Qureshi & Roos 2021, arXiv 2103.12068, join members by one too).
A row to compare single files with, and nothing that is shipped.

Run: python -m benchmarks.side_by_side.ensemble models/a.tflite models/b.tflite \
    --manifest data/fanconic.csv
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.colour_baseline import TARGET_RECALL, fit_logistic_regression
from benchmarks.side_by_side.judged_split import (
    JudgedSplit,
    aucs_in_words,
    judged_split,
)
from benchmarks.text.formatting import share_in_words
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.metrics import roc_auc, threshold_at_recall
from edge_runtime.evaluation.temperature import SMALLEST_SCORE
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from edge_runtime.model.operating_point import recall_and_specificity
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine

TABLE = "ensemble.md"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Judge the test photos by several files together. Thresholds, for"
        f" {TARGET_RECALL:.0%} recall, and the meta-learner come from the val split.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("models", type=Path, nargs="+", help="two or more .tflite files")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    options = parser.parse_args(arguments)
    if len(options.models) < 2:
        parser.error("an ensemble needs at least two files")
    return options


def bench(options: argparse.Namespace) -> str:
    """Judge, write the table and return it."""
    members = {
        path.stem: LesionClassifier.load(path, site=False) for path in options.models
    }
    photos = read_manifest(options.manifest)
    with ProgressLine() as line:
        val, test = (
            judged_split(members, photos, split, line) for split in ("val", "test")
        )
    weights, bias = fit_logistic_regression(_logits(val), val.labels)
    ways = {
        **{name: np.eye(len(members))[i] for i, name in enumerate(members)},
        "mean of the logits": np.full(len(members), 1 / len(members)),
        "meta-learner": weights,
    }
    learnt = ", ".join(
        f"{name} {weight:.2f}" for name, weight in zip(members, weights, strict=True)
    )
    table = Table(
        title=f"Ensemble of {len(members)} files on {len(test.labels)} test photos",
        head=("", "AUC, val", "AUC", "AUC, clean test", "recall", "specificity"),
        rows=tuple(
            (name, *_row(val, test, way, bias if way is weights else 0.0))
            for name, way in ways.items()
        ),
        caption="Research and education; not a medical device. Thresholds for"
        f" {TARGET_RECALL:.0%} recall from {len(val.labels)} validation photos, on"
        f" which the meta-learner was learnt (weights of the logits: {learnt}); 95 %"
        f" intervals. Commit {revision().commit}.",
    )
    text = "\n\n".join(markdown_table(table)) + "\n"
    write_text(options.out / TABLE, text)
    return text


def _logits(judged: JudgedSplit) -> NDArray[np.float64]:
    scores = judged.scores.clip(SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    return np.asarray(np.log(scores / (1 - scores)))


def _row(
    val: JudgedSplit, test: JudgedSplit, weights: NDArray[np.float64], bias: float
) -> tuple[str, ...]:
    """AUC on val, on test and on clean test, then recall and specificity on test."""
    seen = _logits(val) @ weights + bias
    threshold = threshold_at_recall(val.labels, seen, TARGET_RECALL)
    scores = _logits(test) @ weights + bias
    rates = recall_and_specificity(test.labels, scores, threshold)
    return (
        f"{roc_auc(val.labels, seen):.3f}",
        *aucs_in_words(test, scores),
        *map(share_in_words, rates),
    )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(bench(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
