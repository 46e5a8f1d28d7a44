"""What a patient's answers add to a file that judges the photo alone.

Logistic regressions on validation photos: the answers alone, the file's logit beside
the answers, and the same with one answer hidden. They are judged on the test photos of
one source. Age alone has a row: older patients have more malignant lesions.

Run: python -m benchmarks.answers.beside_score models/lesion64.qat_int8.tflite
--manifest data/all.csv --source ham10000 --columns age sex localization
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.logistic import regressed, table_of
from benchmarks.errors import BenchmarkError
from benchmarks.side_by_side.judged_split import judged_split
from benchmarks.text.formatting import estimate
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.intervals import delong_interval, delong_test
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.evaluation.sources import LEAST_MALIGNANT, is_judged
from edge_runtime.evaluation.temperature import SMALLEST_SCORE
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    LabelledPhoto,
    of_source,
    photos_of,
    read_labelled_table,
    read_manifest,
    sources_of,
)
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine

TABLE = "beside_score.md"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Judge the test photos of one source by a file's score, by answers"
        " of the manifest, and by both. What joins them is learnt from the validation"
        " photos. Research and education; not a medical device.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("model", type=Path, help="a .tflite file that takes a photo alone")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add("--source", metavar="NAME", help="whose photos, where there are several")
    add(
        "--columns",
        nargs="+",
        required=True,
        metavar="NAME",
        help="of the manifest; an empty cell is an answer that nobody gave",
    )
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def bench(options: argparse.Namespace) -> str:
    """Judge, write the table and return it.

    Raises:
        BenchmarkError: when photos are of several sources or too few.
        ManifestError: when a column is missing.
    """
    read_labelled_table(options.manifest, options.columns)
    photos = _chosen(read_manifest(options.manifest), options.source)
    classifier = LesionClassifier.load(options.model, site=False)
    with ProgressLine() as line:
        judged = {
            split: judged_split({"": classifier}, photos, split, line)
            for split in ("val", "test")
        }
    scores = np.concatenate([judged[split].scores[:, 0] for split in judged])
    labels = np.concatenate([judged[split].labels for split in judged])
    ordered = [photo for split in judged for photo in photos_of(photos, split)]
    learnt = np.arange(len(labels)) < len(judged["val"].labels)
    tried = ~learnt & np.array([not photo.lesion_in_train for photo in ordered])
    clipped = scores.clip(SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logits = np.log(clipped / (1 - clipped))[:, None]

    def told(names: Sequence[str]) -> NDArray[np.float64]:
        return table_of(ordered, names, absence_only=False)

    every: list[str] = options.columns
    tables = {
        f"{options.model.stem} alone": logits,
        "answers alone": told(every),
        **{f"{name} alone": told([name]) for name in every},
        "only which answers are missing": table_of(ordered, every, absence_only=True),
        "score and answers": np.concatenate([logits, told(every)], axis=1),
    }
    for name in every if len(every) > 1 else ():
        others = [other for other in every if other != name]
        tables[f"score and answers without {name}"] = np.concatenate(
            [logits, told(others)], axis=1
        )
    rows = []
    for title, table in tables.items():
        given = scores if table is logits else regressed(table, labels, learnt)
        found = estimate(
            roc_auc(labels[tried], given[tried]),
            delong_interval(labels[tried], given[tried]),
        )
        # NaN where the two order all photos alike.
        chance = delong_test(labels[tried], given[tried], scores[tried])
        beside = "" if table is logits else f"{chance:.3f}"
        rows.append((title, found, beside))
    malignant = int(labels[tried].sum())
    text = "\n\n".join(
        markdown_table(
            Table(
                title=f"Answers beside the score of {options.model.stem}",
                head=("told", "AUC (95 %)", "p of the difference"),
                rows=tuple(rows),
                caption="Research and education; not a medical device."
                f" {tried.sum()} test photos, {malignant} malignant; what joins score"
                f" and answers is learnt from {learnt.sum()} validation photos. DeLong."
                f" Commit {revision().commit}.",
            )
        )
    )
    write_text(options.out / TABLE, text + "\n")
    return text


def _chosen(
    photos: Sequence[LabelledPhoto], source: str | None
) -> tuple[LabelledPhoto, ...]:
    names = sources_of(photos)
    if source is None:
        return tuple(photos)
    known = () if names is None else tuple(map(str, np.unique(names)))
    if source not in known:
        raise BenchmarkError(
            f"--source {source}: expected one of {', '.join(known) or 'none'}"
        )
    chosen = of_source(photos, source)
    for split in ("val", "test"):
        labels = np.array([int(photo.malignant) for photo in photos_of(chosen, split)])
        if not is_judged(labels):
            raise BenchmarkError(
                f"{source} has {labels.sum()} malignant {split} photos; expected at"
                f" least {LEAST_MALIGNANT}"
            )
    return chosen


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(bench(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
