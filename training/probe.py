"""Which published networks, cut where, are worth joining: cross-validated by lesion.

Run: python training/probe.py --manifest data/fanconic.csv --size 64 --dense-stem \
    mobileneta25=weights/mobilenet_2_5_224_tf_no_top.h5 \
    squeezenet:fire4_concat=weights/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5

Training a network for each question takes hours, and a few hundred validation photos
tell AUC to 0.01 only. A linear classifier of the features that a network has from
ImageNet takes a second, so all photos but the test split can be judged, each by a
classifier that saw no photo of its lesion.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

if not __package__:
    # Started as a file: Python put training/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_runtime.evaluation.intervals import delong_interval
from edge_runtime.evaluation.metrics import roc_auc
from edge_runtime.photos.manifest import LabelledPhoto, photos_of, read_manifest
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE
from training.fitting.batches import labels_of, model_inputs
from training.framework import start_keras
from training.networks.designs import BACKBONES, SIZES_PX, Backbone, Part

FOLDS = 5
# How much a weight costs, of standardised features; no photo helps to choose the
# penalty of the classifier that judges it.
PENALTIES = (300.0, 1000.0, 3000.0, 10000.0)

SMALLEST_PX = 32

# Their names without the size, which is free here.
_ROW_PX = f"_{SIZES_PX[0]}"
NETWORKS = {
    name.removesuffix(_ROW_PX): row.parts[0]
    for name, row in BACKBONES.items()
    if name.endswith(_ROW_PX)
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Probed:
    """A part, its weights, and what it says of every photo.

    Attributes:
        name: as given on the command line.
        parameters: of the part.
        features: means over all positions; shape ``(photos, features)``.
    """

    name: str
    parameters: int
    features: Floats


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="AUC of linear classifiers on the features that published networks"
        " have from ImageNet, alone and joined, by cross-validation over the train and"
        " val splits. Photos of one lesion stay together. The test split is not"
        " touched.",
        epilog="Networks: " + ", ".join(NETWORKS),
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "parts",
        nargs="+",
        metavar="NETWORK[:LAYER]=FILE",
        help="a network, the layer where it ends, and the file of its weights",
    )
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add("--size", type=int, default=128, metavar="PX", help="side of the input")
    add("--dense-stem", action="store_true", help="the first layer takes every pixel")
    add("--seed", type=int, default=0, help="of the folds")
    options = parser.parse_args(arguments)
    if options.size < SMALLEST_PX:
        parser.error(f"--size: expected at least {SMALLEST_PX} px, got {options.size}")
    try:
        options.parts = {text: part_of(text) for text in options.parts}
    except ValueError as error:
        parser.error(str(error))
    return options


def part_of(text: str) -> tuple[Part, str]:
    """The part and the file of ``NETWORK[:LAYER]=FILE``.

    Raises:
        ValueError: when there is no such network or file, or none is named.
    """
    named, _, file = text.partition("=")
    network, _, layer = named.partition(":")
    if not file:
        raise ValueError(f"expected NETWORK[:LAYER]=FILE, got {text!r}")
    if network not in NETWORKS:
        raise ValueError(
            f"there is no network {network!r}; expected one of {', '.join(NETWORKS)}"
        )
    if not Path(file).is_file():
        raise ValueError(f"the weights {file} are missing")
    return replace(NETWORKS[network], last_layer=layer or None), file


def probe(options: argparse.Namespace) -> list[str]:
    """The lines of the table: each part alone, then all that can be joined."""
    manifest = read_manifest(options.manifest)
    photos = (*photos_of(manifest, "train"), *photos_of(manifest, "val"))
    labels = labels_of(photos)
    folds = folds_by_lesion(photos, labels, options.seed)
    pixels = model_inputs(photos, options.size)
    probed = [
        _probed(text, part, file, pixels, dense_stem=options.dense_stem)
        for text, (part, file) in options.parts.items()
    ]
    joined = [
        chosen
        for count in range(1, len(probed) + 1)
        for chosen in combinations(probed, count)
    ]
    lesions = len({photo.lesion for photo in photos})
    return [
        "| parts | weights | AUC |",
        "|---|---:|---:|",
        *(_line(chosen, labels, folds) for chosen in joined),
        "",
        f"{len(photos):,} photos of {lesions:,} lesions in {FOLDS} folds; {NOTICE}.",
    ]


def _line(
    parts: Sequence[Probed], labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> str:
    features = np.concatenate([part.features for part in parts], axis=1)
    scores = out_of_fold(features, labels, folds)
    interval = delong_interval(labels, scores)
    return (
        f"| {' + '.join(part.name for part in parts)}"
        f" | {sum(part.parameters for part in parts):,} | {roc_auc(labels, scores):.4f}"
        f" ({interval.low:.3f}\N{EN DASH}{interval.high:.3f}) |"
    )


def folds_by_lesion(
    photos: Sequence[LabelledPhoto], labels: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """A fold for each photo, the same for all photos of one lesion; shape ``(n,)``."""
    from sklearn.model_selection import StratifiedGroupKFold

    lesions = [photo.lesion for photo in photos]
    folds = np.empty(len(labels), np.int64)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fold, (_, judged) in enumerate(splitter.split(labels, labels, lesions)):
        folds[judged] = fold
    return folds


def out_of_fold(
    features: Floats, labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> Floats:
    """Scores by ridge regression, each from the other folds; shape ``(n,)``.

    Within the other folds the penalty with the highest AUC is chosen by
    cross-validation, one of these folds left out at a time.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = np.empty(len(labels))
    for fold in range(FOLDS):
        judged, learnt = folds == fold, folds != fold
        search = GridSearchCV(
            make_pipeline(StandardScaler(), RidgeClassifier()),
            {"ridgeclassifier__alpha": PENALTIES},
            scoring="roc_auc",
            cv=PredefinedSplit(folds[learnt]),
        )
        search.fit(features[learnt], labels[learnt])
        # Ranks, as classifiers of different folds have scales of their own.
        found = search.decision_function(features[judged])
        scores[judged] = found.argsort().argsort() / max(1, judged.sum() - 1)
    return scores


def _probed(
    text: str, part: Part, file: str, pixels: NDArray[np.float32], *, dense_stem: bool
) -> Probed:
    start_keras()
    import keras

    from training.networks.backbones import build_backbone

    name = text.partition("=")[0]
    row = Backbone(
        name.replace(":", "_"), pixels.shape[1], (part,), dense_stem=dense_stem
    )
    network = build_backbone(row, [file])
    means = keras.Model(network.inputs, network.get_layer("mean").output)
    batches = [pixels[start : start + 32] for start in range(0, len(pixels), 32)]
    features = [
        np.asarray(means.predict_on_batch(batch), np.float64)
        for batch in tqdm(batches, desc=name, unit="batch", disable=None)
    ]
    return Probed(name, means.count_params(), np.concatenate(features))


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print("\n".join(probe(parse(arguments))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
