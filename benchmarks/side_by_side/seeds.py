"""How far one recipe's result is a matter of luck: several seeds, mean and spread.

Run: python -m benchmarks.side_by_side.seeds seeds/*/lesion32.qat_int8.tflite

Train the same configuration with --seed 0, 1, ... and convert each with --measure-test
into a folder of its own; their cards hold all that is needed here.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.text.formatting import NOT_MEASURED
from benchmarks.text.tables import Table, markdown_table
from edge_runtime.files.atomic import write_text
from edge_runtime.model.card import Accuracy, ModelCard
from edge_runtime.model.file import read_model_file
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE

TABLE = "seeds.md"
_FIGURES: dict[str, Callable[[Accuracy], float]] = {
    "AUC": lambda measured: measured.auc,
    "recall": lambda measured: measured.recall.value,
    "specificity": lambda measured: measured.specificity.value,
}
_SETS = {"val": "val", "test": "test", "test_clean": "clean test"}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Turn command-line arguments into options, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Mean and standard deviation of several seeds of one recipe.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add("models", type=Path, nargs="+", help=".tflite files that differ in their seed")
    add("--out", type=Path, default=Path("results"), help=f"folder for {TABLE}")
    return parser.parse_args(arguments)


def spread(options: argparse.Namespace) -> str:
    """Write the table and return it.

    Raises:
        BenchmarkError: when there are fewer than two, or they differ in more than the
            seed.
        ModelFileError: when a file is damaged.
    """
    cards = [read_model_file(path).card for path in options.models]
    text = "\n\n".join(markdown_table(seeds_table(cards)))
    write_text(options.out / TABLE, text + "\n")
    return text


def seeds_table(cards: Sequence[ModelCard]) -> Table:
    """One row for each seed, then their mean and deviation.

    Raises:
        BenchmarkError: see ``spread``.
    """
    _refuse_unlike(cards)
    columns = [
        (f"{figure}, {words}", [_figure(card, name, measure) for card in cards])
        for name, words in _SETS.items()
        for figure, measure in _FIGURES.items()
    ]
    columns = [column for column in columns if None not in column[1]]
    numbers = np.array([values for _, values in columns], np.float64)
    lines = {
        **{f"seed {_seed(card)}": numbers[:, i] for i, card in enumerate(cards)},
        "mean": numbers.mean(axis=1),
        "standard deviation": numbers.std(axis=1, ddof=1),
    }
    return Table(
        title=f"{len(cards)} seeds of {cards[0].name}",
        head=("", *(name for name, _ in columns)),
        rows=tuple(
            (name, *(f"{value:.4f}" for value in values))
            for name, values in lines.items()
        ),
        caption=f"{NOTICE[0].upper()}{NOTICE[1:]}. Each file at its own threshold, from"
        " its cards; the spread is that of training, not of the photos, which are the"
        " same.",
    )


def _figure(
    card: ModelCard, split: str, measure: Callable[[Accuracy], float]
) -> float | None:
    return next((measure(x) for x in card.accuracy if x.split == split), None)


def _settings(card: ModelCard) -> dict[str, object]:
    found = card.provenance.training.get("settings", {})
    return dict(found) if isinstance(found, dict) else {}


def _seed(card: ModelCard) -> object:
    return _settings(card).get("seed", NOT_MEASURED)


def _refuse_unlike(cards: Sequence[ModelCard]) -> None:
    if len(cards) < 2:
        raise BenchmarkError("a spread needs two files at least; five tell more")
    if len({str(_seed(card)) for card in cards}) < len(cards):
        raise BenchmarkError(
            f"the files have the seeds {', '.join(str(_seed(x)) for x in cards)};"
            " expected each once"
        )
    kept = [
        {
            "name": card.name,
            "photos": card.data.manifest_sha256,
            **{k: v for k, v in _settings(card).items() if k not in ("seed", "out")},
        }
        for card in cards
    ]
    for other in kept[1:]:
        unlike = sorted(
            name for name in {*kept[0], *other} if kept[0].get(name) != other.get(name)
        )
        if unlike:
            raise BenchmarkError(
                f"the files differ in {', '.join(unlike)}, not only in their seed"
            )


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(spread(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
