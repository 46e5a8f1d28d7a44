"""The published project's runs, trained here by its recipe, beside what it published.

Run: python -m benchmarks.side_by_side.published_runs "seed
cnn32=seed/cnn32.qat_int8.tflite" \
    --manifest data/fanconic.csv

training/fitting/configurations.toml has the runs, as published_cnn32 and so on. Theirs
are floating-point figures, quoted; ours are of the int8 files, measured.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import BenchmarkError
from benchmarks.reporting.published import Published, PublishedNetwork, read_published
from benchmarks.side_by_side.judged_split import (
    JudgedSplit,
    aucs_in_words,
    judged_split,
)
from benchmarks.text.formatting import share_in_words
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.classifier import LesionClassifier
from edge_runtime.evaluation.metrics import threshold_at_recall
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.revision import revision
from edge_runtime.model.card import ModelCard
from edge_runtime.model.operating_point import recall_and_specificity
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import NOTICE

TABLE = "published_runs.md"
MATCHED_RECALL = 0.95
HEAD = (
    "run", "whose", "epochs", "AUC", "AUC, clean test", "recall at 0.5",
    "specificity at 0.5", "specificity at the published recall",
    f"specificity at {MATCHED_RECALL:.0%} recall",
)  # fmt: skip
NONE = "\N{EN DASH}"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    published = read_published()
    parser = argparse.ArgumentParser(
        description="One table: the published project's figures and, below each, those"
        " of a file that was trained by its recipe and converted here.",
        epilog="Runs: " + ", ".join(network.name for network in published.networks),
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN=FILE", help="a published run and our .tflite")
    add("--manifest", type=Path, required=True, help="table of labelled photos")
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def bench(options: argparse.Namespace) -> str:
    """Judge the test photos, write the table and return it.

    Raises:
        BenchmarkError: when a run is none of the seed's, or named twice.
        ModelFileError: when a file is damaged.
    """
    published = read_published()
    files = {
        name: LesionClassifier.load(path, site=False)
        for name, path in _paths(options.runs, published).items()
    }
    with ProgressLine() as line:
        test = judged_split(files, read_manifest(options.manifest), "test", line)
    cards = {name: file.card for name, file in files.items()}
    text = "\n\n".join(markdown_table(runs_table(published, cards, test))) + "\n"
    write_text(options.out / TABLE, text)
    return text


def runs_table(
    published: Published, cards: Mapping[str, ModelCard], test: JudgedSplit
) -> Table:
    """Two rows for each of ``cards``, whose names are published ones."""
    networks = {network.name: network for network in published.networks}
    rows: list[tuple[str, ...]] = []
    for column, (name, card) in enumerate(cards.items()):
        network = networks[name]
        rows.append(_published_row(published, network))
        scores = test.scores[:, column]
        rows.append(_own_row(published, network, card, test, scores))
    notes = " ".join(
        f"{name}: {networks[name].note}" for name in cards if networks[name].note
    )
    return Table(
        title="The published project's runs, published and trained here",
        head=HEAD,
        rows=tuple(rows),
        caption=f"{NOTICE[0].upper()}{NOTICE[1:]}. Theirs: floating point, quoted."
        " Ours: the file named, trained by the seed's recipe (Adagrad at a constant"
        " rate, its augmentation) for the epochs given, the best one by validation AUC;"
        f" {len(test.labels)} test photos, 95 % intervals. At the published recall, or"
        f" {MATCHED_RECALL:.0%}: the highest threshold on these same photos that"
        f" reaches it, to compare and not to use. Commit {revision().commit}. {notes}",
    )


def _published_row(published: Published, network: PublishedNetwork) -> tuple[str, ...]:
    specificity = published.specificity(network)
    if specificity is None:
        found = matched = "not published"
    else:
        found, matched = f"{network.recall:.3f}", f"{specificity:.3f}"
    return (
        network.name, "published", "not published", f"{network.auc:.3f}", NONE, found,
        matched, matched, NONE,
    )  # fmt: skip


def _own_row(
    published: Published,
    network: PublishedNetwork,
    card: ModelCard,
    test: JudgedSplit,
    scores: NDArray[np.float64],
) -> tuple[str, ...]:
    labels = test.labels

    def held_at(recall: float) -> str:
        threshold = threshold_at_recall(labels, scores, recall)
        return share_in_words(recall_and_specificity(labels, scores, threshold)[1])

    comparable = published.specificity(network) is not None
    return (
        network.name,
        card.name,
        str(card.provenance.training.get("settings", {}).get("epochs", NONE)),
        *aucs_in_words(test, scores),
        *map(
            share_in_words, recall_and_specificity(labels, scores, published.threshold)
        ),
        held_at(network.recall) if comparable else NONE,
        held_at(MATCHED_RECALL),
    )


def _paths(words: Sequence[str], published: Published) -> dict[str, Path]:
    known = [network.name for network in published.networks]
    paths: dict[str, Path] = {}
    for word in words:
        name, _, path = word.partition("=")
        if name not in known or not path:
            raise BenchmarkError(
                f"expected RUN=FILE with one of the runs {', '.join(known)}; got {word}"
            )
        if name in paths:
            raise BenchmarkError(f"{name} is named twice; give each run one file")
        paths[name] = Path(path)
    return paths


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(bench(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
