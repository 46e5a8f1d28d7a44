"""How much of a model is the camera: what its score and its features tell of sources.

Among benign photos alone, a score that only looks at the lesion cannot say which
hospital a photo comes from. A logistic regression is given the score, or the features
before the last layer, and tries; it is judged on lesions that it was not fitted to. AUC
0.5 means that nothing of the source is left, 1 that the model knows it. Beside it
stands how well malignant and benign photos are told apart within each source, as taken
and with the lesion masked: what is left there is read off the skin and the camera.

Run: python -m benchmarks.robustness.source_probe models/a.tflite runs/b --manifest
data/all.csv
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.measure.colour_baseline import IMAGE_SIZE_PX, colour_features
from benchmarks.robustness.changes import SHORTCUTS, shifted
from benchmarks.robustness.run_scores import run_scores
from benchmarks.robustness.shift_bench import split_squares
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.evaluation.sources import judged_sources, photos_by_source
from edge_runtime.evaluation.temperature import SMALLEST_SCORE
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.measuring.revision import revision
from edge_runtime.photos.manifest import (
    COLUMNS,
    SPLITS,
    LabelledPhoto,
    photos_of,
    read_manifest,
    sources_of,
    write_manifest,
)
from edge_runtime.photos.preprocessing import resize
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine

TABLE, REPORT = "source_probe.md", "source_probe.json"
FOLDS = 5
LEAST_BENIGN = 50
"""The fewest benign photos of a source; each of five folds tests a fifth of them."""
MASK, MASK_STRENGTH = "lesion blanked out", 2

FROM_SCORE = "score tells the source"
FROM_FEATURES = "features tell the source"
FROM_COLOUR = "six colour numbers tell the source"
AS_TAKEN = "malignant from benign, as taken"
MASKED = "malignant from benign, lesion masked"

Features = NDArray[np.float64]
Squares = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Judge:
    """Something that gives a photo a score and perhaps features.

    Attributes:
        name: of the file or run.
        judge: from squares of any size, uint8 RGB, to scores ``(n,)`` and to features
            ``(n, k)``, None where they cannot be seen.
    """

    name: str
    judge: Callable[[Squares], tuple[Features, Features | None]]


@dataclass(frozen=True)
class ProbeRow:
    """One model and one question.

    Attributes:
        model: its name.
        question: one of this module's constants.
        auc: by source.
    """

    model: str
    question: str
    auc: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Over sources, each of the same weight."""
        return float(np.mean(list(self.auc.values())))


@dataclass(frozen=True)
class ProbeReport:
    """All rows, and what they were measured on.

    Attributes:
        manifest: file name of the table.
        split: whose photos, without lesions of the training split.
        benign: benign photos by source; the probe knows these alone.
        malignant: malignant photos by source.
        commit: of the checkout; None outside one.
        rows: by model, then by question.
    """

    manifest: str
    split: str
    benign: Mapping[str, int]
    malignant: Mapping[str, int]
    commit: str | None
    rows: tuple[ProbeRow, ...]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Ask how well a model's score and features tell the source of"
        " benign photos, and what is left of its judgement with the lesion masked."
        " Research and education; not a medical device.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "models",
        nargs="+",
        type=Path,
        metavar="FILE_OR_RUN",
        help="a .tflite file with its card (score only), or the folder of a finished"
        " run (score and features)",
    )
    add("--manifest", type=Path, required=True, help="table with a column source")
    add("--split", choices=SPLITS, default="test", help="whose photos are judged")
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def probe(options: argparse.Namespace) -> ProbeReport:
    """Judge every photo by every model, ask all questions, write table and JSON.

    Raises:
        EdgeRuntimeError: when the manifest names no two sources with enough photos, or
            a model cannot be used.
    """
    photos = photos_of(read_manifest(options.manifest), options.split, clean=True)
    labels = np.array([int(photo.malignant) for photo in photos])
    sources = _probed_sources(photos, labels)
    with without_info_lines():
        judges = [opened(path) for path in options.models]
    lesions = np.array([photo.lesion for photo in photos])
    benign = labels == 0
    with ProgressLine() as line:
        squares = []
        for place, square in enumerate(split_squares(photos)):
            line.show("photos", place, len(photos))
            squares.append(square)
        colours = [colour_features(resize(each, IMAGE_SIZE_PX)) for each in squares]
        known = probe_aucs(np.stack(colours)[benign], sources[benign], lesions[benign])
        rows = [ProbeRow("any model", FROM_COLOUR, known)]
        for place, judge in enumerate(judges):
            line.show("files judged", place, len(judges), judge.name)
            rows += _rows(judge, squares, labels, sources, lesions)
    masks = photos_by_source(sources)
    report = ProbeReport(
        options.manifest.name,
        options.split,
        {name: int(benign[mask].sum()) for name, mask in masks.items()},
        {name: int(labels[mask].sum()) for name, mask in masks.items()},
        revision().commit,
        tuple(rows),
    )
    write_text(options.out / REPORT, to_json(report))
    write_text(options.out / TABLE, markdown(report))
    return report


def _probed_sources(
    photos: Sequence[LabelledPhoto], labels: NDArray[np.int64]
) -> NDArray[Any]:
    """The source of each photo. At least two sources have enough benign photos."""
    sources = sources_of(photos)
    if sources is not None:
        found = photos_by_source(sources)
        few = {n for n, m in found.items() if (labels[m] == 0).sum() < LEAST_BENIGN}
        if not few:
            return sources
        raise BenchmarkError(
            f"{', '.join(sorted(few))}: fewer than {LEAST_BENIGN} benign photos; leave"
            " these sources out of the manifest"
        )
    raise BenchmarkError(
        "the photos are of one source; expected a column source with several"
    )


def opened(path: Path) -> Judge:
    """A file ``.tflite`` with its card, or the folder of a finished run.

    Raises:
        EdgeRuntimeError: when it is neither.
    """
    if path.suffix == ".tflite":
        classifier = LesionClassifier.load(path, site=False)

        size_px = classifier.card.input.size_px

        def scores(squares: Squares) -> tuple[Features, None]:
            given = (classifier.score(resize(each, size_px)) for each in squares)
            return np.array([*given]), None

        return Judge(path.stem, scores)
    return _of_run(path)


def _of_run(path: Path) -> Judge:
    """The network of a run; it is asked in another process, by way of files."""

    def judge(squares: Squares) -> tuple[Features, Features]:
        with tempfile.TemporaryDirectory() as folder:
            manifest = _stored(Path(folder), squares)
            found = run_scores(path, manifest, "test")
        return found.scores, found.features

    return Judge(path.name, judge)


def _stored(folder: Path, squares: Squares) -> Path:
    """A manifest of these squares, stored without loss; its labels mean nothing."""
    rows = []
    for place, square in enumerate(squares):
        name = f"{place}.png"
        Image.fromarray(square).save(folder / name, compress_level=1)
        values = (name, ("benign", "malignant")[place % 2], "test", name, "0")
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    write_manifest(folder / "squares.csv", rows)
    return folder / "squares.csv"


def _rows(
    judge: Judge,
    squares: Sequence[NDArray[np.uint8]],
    labels: NDArray[np.int64],
    sources: NDArray[Any],
    lesions: NDArray[Any],
) -> list[ProbeRow]:
    scores, features = judge.judge(squares)
    masked, _ = judge.judge(
        [
            shifted(each, SHORTCUTS[MASK], MASK_STRENGTH, seed)
            for seed, each in enumerate(squares)
        ]
    )
    benign = labels == 0
    asked = {FROM_SCORE: score_features(scores)}
    if features is not None:
        asked[FROM_FEATURES] = features
    rows = [
        ProbeRow(
            judge.name,
            question,
            probe_aucs(given[benign], sources[benign], lesions[benign]),
        )
        for question, given in asked.items()
    ]
    return rows + [
        ProbeRow(
            judge.name,
            question,
            {
                name or "all": roc_auc(labels[mask], given[mask])
                for name, mask in judged_sources(labels, sources).items()
            },
        )
        for question, given in ((AS_TAKEN, scores), (MASKED, masked))
    ]


def score_features(scores: NDArray[np.float64]) -> Features:
    """Logit of the score and its square, so that a source in the middle is seen too."""
    clipped = np.clip(scores, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logits = np.log(clipped) - np.log1p(-clipped)
    return np.stack([logits, logits**2], axis=1)


def probe_aucs(
    features: Features, sources: NDArray[Any], lesions: NDArray[Any]
) -> dict[str, float]:
    """How well each source is told from all others, on lesions not fitted to.

    A logistic regression on standardised features, each source against the rest, both
    sides of the same weight; cross-validated in ``FOLDS`` parts, no lesion in two.

    Args:
        features: shape ``(n, k)``.
        sources: of the photos; shape ``(n,)``.
        lesions: photos of one lesion share a name; shape ``(n,)``.

    Returns:
        AUC by source, from 0 to 1.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise BenchmarkError(
            "the probe needs scikit-learn; install it: pip install scikit-learn"
        ) from error
    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    found = {}
    for name, mask in photos_by_source(sources).items():
        target = mask.astype(np.int64)
        told = cross_val_predict(
            model,
            features,
            target,
            groups=lesions,
            cv=folds,
            method="decision_function",
        )
        found[name] = roc_auc(target, np.asarray(told, np.float64))
    return found


def markdown(report: ProbeReport) -> str:
    """One table: models and questions down, sources across."""
    sources = list(report.benign)
    rows = tuple(
        (
            row.model,
            row.question,
            *(f"{row.auc[s]:.3f}" if s in row.auc else "-" for s in sources),
            f"{row.mean:.3f}",
        )
        for row in report.rows
    )
    photos = ", ".join(
        f"{name} {report.benign[name]} benign and {report.malignant[name]} malignant"
        for name in sources
    )
    table = Table(
        "How much is the camera",
        ("model", "AUC of", *sources, "mean"),
        rows,
        "Research and education; not a medical device. Photos of the"
        f" {report.split} split of {report.manifest}, without lesions of the training"
        f" photos: {photos}. Telling the source: each against the others, benign photos"
        f" alone, by a logistic regression in {FOLDS} parts of whole lesions; 0.5 is"
        " nothing, and features may know a source that the score does not use. Lesion"
        " masked: the middle in the mean colour of its surroundings, as in the shift"
        " bench; what is left above 0.5 is read off skin, camera and compression."
        f" Commit {report.commit}.",
    )
    return "\n\n".join(markdown_table(table)) + "\n"


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(markdown(probe(parse(arguments))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
