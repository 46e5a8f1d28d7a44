"""What ``train.py`` is told on the command line."""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from edge_runtime.terminal.arguments import share
from edge_runtime.terminal.command_parser import CommandParser, Defaults
from training.augmentation.pipelines import AUGMENTATIONS
from training.datasets.questions import ALL, ALL_HIDDEN, QUESTION_SETS
from training.networks.branches import branch
from training.networks.designs import (
    BLOCK_ORDERS,
    DESIGNS,
    FUSIONS,
    Backbone,
    Network,
)

RECIPES = {
    "ours": "AdamW along a cosine, smoothed labels, averaged weights",
    "published": "the published project's: Adagrad at a constant rate, plain labels,"
    " weights as they are",
}

UNBALANCED, MUTATION = "none", "mutation"
"""Values of ``--balance`` that neither weigh nor draw."""

Values = Mapping[str, str | int | float | list[str]]


def read_configurations() -> dict[str, Values]:
    """Options of ``train.py``, with underscores, by name of the configuration."""
    text = (
        resources.files("training.fitting")
        .joinpath("configurations.toml")
        .read_text("utf-8")
    )
    return tomllib.loads(text)


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    manifest: Path
    network: str
    augmentation: str
    block_order: str
    branches: int
    cycles: int
    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    seed: int
    out: Path
    recipe: str = "ours"
    mild_phase: float = 0.33
    weights: tuple[str, ...] = ()
    soft_labels: tuple[Path, ...] = ()
    answers: str = ""
    mask_lesion: float = 0.0
    start: Path | None = None
    balance: str = "label"
    draws: int | None = None
    diagnoses: float = 0.0
    questions: str = ALL
    hide_answers: float = ALL_HIDDEN

    def as_json(self) -> dict[str, str | int | float]:
        """The settings by name, paths as text; what was not asked for is left out."""
        values = {
            **asdict(self),
            "soft_labels": " ".join(map(str, self.soft_labels)),
            # Where a weights file lay says nothing about the training.
            "weights": " ".join(Path(name).name for name in self.weights),
        }
        if not self.answers:
            del values["questions"], values["hide_answers"]
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in values.items()
            if value not in ("", None)
        }


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    configurations = read_configurations()
    parser = CommandParser(
        description="Train a network on the train split of a manifest. The epoch is"
        " chosen by AUC on the val split; the test split is not touched. Stopped runs"
        " go on where they were when the same command is given again. The environment"
        " variable KERAS_BACKEND picks tensorflow (default), jax or torch.",
        formatter_class=Defaults,
    )
    add = parser.add_argument
    add(
        "--configuration",
        choices=configurations,
        metavar="NAME",
        help="options by one name: " + ", ".join(configurations) + ". Those given"
        " beside it come first",
    )
    add("--manifest", type=Path, required=True, help="table of training/prepare.py")
    add("--network", choices=list(DESIGNS), default="cnn64", help="name ends in px")
    add(
        "--augmentation",
        choices=AUGMENTATIONS,
        default="strong",
        help="none: flips and 0.3 degrees; augmentor: the published project's table;"
        " strong: other cameras, distances and lamps, hair, blur and rings; sources:"
        " also other resolutions, aspects and round frames",
    )
    add(
        "--block-order",
        choices=BLOCK_ORDERS,
        default="relu_bn_relu",
        help="; ".join(f"{name}: {text}" for name, text in BLOCK_ORDERS.items()),
    )
    add(
        "--branches",
        type=int,
        help="thin networks to train one after the other and join into the wide one;"
        " 1 trains it whole (default: 1, 2 and 3 for cnn32, cnn64 and cnn128)",
    )
    add(
        "--cycles",
        type=int,
        help="learning-rate cycles; each goes on from the one before, and the last"
        " ones become the branches (default: as many as branches)",
    )
    add(
        "--epochs",
        type=int,
        default=60,
        help="of the first cycle, at most; later ones have a third as many",
    )
    add(
        "--recipe",
        choices=RECIPES,
        default="ours",
        help="; ".join(f"{name}: {text}" for name, text in RECIPES.items()),
    )
    add(
        "--mild-phase",
        type=share(),
        default=0.33,
        metavar="SHARE",
        help="of the first cycle's epochs, the last ones, under milder changes, as all"
        " later cycles are; small networks learn more from more of it",
    )
    add(
        "--mask-lesion",
        type=share(),
        default=0.0,
        metavar="SHARE",
        help="of the photos, shown with the lesion masked as photos that nobody can"
        " call, so that less is read off the skin and the camera",
    )
    add(
        "--balance",
        type=_balance,
        default="label",
        metavar="BY",
        help="label: all photos once, weighted so that both labels count the same;"
        " none: all photos once, as they are; mutation: the same, and the rarer label"
        " is filled up with mutated feature vectors a + F (b - c) of its own, as"
        " differential evolution makes them, before the last layer;"
        " COLUMN,label, such as source,label: draw as many malignant as benign photos"
        " within each value of a column of the manifest, and as many of each value;"
        " camera,label: by source, but photos that a source took over count to the"
        " source that the manifest names as their origin",
    )
    add(
        "--draws",
        type=int,
        metavar="PHOTOS",
        help="photos that an epoch draws, with --balance COLUMN,label (default: as many"
        " as there are)",
    )
    add(
        "--diagnoses",
        type=share(),
        default=0.0,
        metavar="WEIGHT",
        help="of the loss of a second output, which learns the manifest's column"
        " diagnosis and is dropped at the end; 0: none",
    )
    add("--batch-size", type=int, default=32, help="photos a step")
    add("--learning-rate", type=float, default=2e-3, help="peak of the cosine")
    add("--patience", type=int, default=20, help="epochs without a better val AUC")
    add("--seed", type=int, default=0, help="same seed, same batches")
    add(
        "--weights",
        nargs="+",
        default=(),
        metavar="FILE",
        help="what published networks start from: a Keras file without its top, or"
        " EfficientNet-Lite's PyTorch file, for each that the network joins (lesion128:"
        " EfficientNet-Lite0, SqueezeNet), or imagenet to fetch them (default: from"
        " scratch)",
    )
    add(
        "--start",
        type=Path,
        metavar="RUN",
        help="folder of a finished run of the same network, to go on from its weights"
        " in place of a configuration's",
    )
    add(
        "--soft-labels",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="soft_labels.npz files of training/distil.py: what finished networks"
        " say of changed photos; their mean logit joins each label",
    )
    add(
        "--answers",
        choices=FUSIONS,
        default="",
        help="also learn from what the manifest tells about the lesions (age, itch,"
        " ...: docs/answers.md), joined to the image "
        + "; ".join(f"{name}: {text}" for name, text in FUSIONS.items())
        + ". Not for cnn32, cnn64 and cnn128",
    )
    add(
        "--questions",
        choices=QUESTION_SETS,
        default=ALL,
        help="with --answers, which: "
        + "; ".join(
            f"{name}: {', '.join(question.name for question in questions)}"
            for name, questions in QUESTION_SETS.items()
        )
        + ". An answer that is missing more often in one class tells the label",
    )
    add(
        "--hide-answers",
        type=share(),
        default=ALL_HIDDEN,
        metavar="SHARE",
        help="with --answers, of the photos that are shown without any; of the others"
        " one answer in ten is hidden",
    )
    add("--out", type=Path, help="folder of the run (default: runs/NAME)")
    options = parser.parse_args(arguments)
    if options.configuration:
        named = dict(configurations[options.configuration])
        if options.start:
            named.pop("weights", None)  # a finished run has its own
        parser.set_defaults(**named)
        options = parser.parse_args(arguments)
    if options.out is None:
        options.out = Path("runs") / (options.configuration or options.network)
    del options.configuration
    _complete(parser, options)
    options.soft_labels = tuple(map(Path, options.soft_labels))
    options.weights = tuple(options.weights)
    return Settings(**vars(options))


def _balance(text: str) -> str:
    if text in (UNBALANCED, MUTATION):
        return text
    branch, comma, label = text.rpartition(",")
    if label != "label" or bool(comma) != bool(branch):
        raise argparse.ArgumentTypeError(
            f"expected label, {UNBALANCED}, {MUTATION}, or COLUMN,label such as"
            f" source,label; got {text}"
        )
    return text


def _complete(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Fill in what follows from the network; exit where options do not fit."""
    if options.branches is None:
        options.branches = DESIGNS[options.network].branches
    if options.cycles is None:
        options.cycles = options.branches
    if options.cycles < options.branches:
        parser.error(f"--cycles must be at least --branches, {options.branches}")
    for name in ("epochs", "batch_size", "patience", "branches"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    _check_draws(parser, options)
    try:
        _check_branches(options.network, options.branches)
    except ValueError as error:
        parser.error(f"--branches: {error}")
    _check_network(parser, options)


def _check_draws(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if options.balance == MUTATION and (
        options.diagnoses or options.soft_labels or options.mask_lesion
    ):
        parser.error(
            "--balance mutation: a mutated vector is of one label and has no diagnosis;"
            " expected none of --diagnoses, --soft-labels and --mask-lesion"
        )
    if options.draws is None:
        return
    if "," not in options.balance:
        parser.error("--draws: expected --balance COLUMN,label beside it")
    if options.draws < options.batch_size:
        parser.error(f"--draws must be at least --batch-size, {options.batch_size}")


def _check_network(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> None:
    """Exit where the network has no use for an option."""
    if options.answers and isinstance(DESIGNS[options.network], Network):
        parser.error(
            f"--answers: {options.network} has no place for them; expected"
            " separable..., lesion... or a MobileNet"
        )
    if options.weights and options.start:
        parser.error("--start: a finished run has weights; expected no --weights")
    if options.start and options.branches > 1:
        parser.error(
            "--start: branches cannot be started from a run; expected --branches 1"
        )
    if options.weights and not isinstance(DESIGNS[options.network], Backbone):
        parser.error(f"--weights: {options.network} starts from scratch")


def _check_branches(network: str, branches: int) -> None:
    design = DESIGNS[network]
    if isinstance(design, Network):
        branch(design, 0, branches)
    elif branches != 1:
        raise ValueError(f"{network} is trained whole; expected 1, got {branches}")
