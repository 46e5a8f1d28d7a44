"""Command-line words that say which model is converted and what it expects."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RANGE_WORDS = ("0..1", "0..255", "-1..1")


@dataclass(frozen=True)
class SourceOptions:
    """Which model, and what it expects; one field per option."""

    keras_model: Path | None
    builder: str | None = None
    weights: Path | None = None
    custom_object: tuple[str, ...] = ()
    input_range: str | None = None
    channel_order: str = "rgb"
    malignant_index: int = 1
    other_models: tuple[Path, ...] = ()


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add them, with their meaning for ``--help``."""
    add = parser.add_argument
    add(
        "keras_model",
        type=Path,
        nargs="*",
        help="the model, or several: a .keras or .h5 file of Keras 3 or of Keras 2"
        " (tf_keras), or the folder of a SavedModel (every recipe but qat_int8). With"
        " one sigmoid unit, one logit or two softmax units on one square RGB picture",
    )
    add(
        "--builder",
        metavar="PACKAGE.MODULE:FUNCTION",
        help="for models that exist as code only: a function without arguments that"
        " builds the model; needs --weights",
    )
    add("--weights", type=Path, metavar="FILE", help="what --builder's model loads")
    add(
        "--custom-object",
        action="append",
        default=[],
        metavar="PACKAGE.MODULE:CLASS",
        help="a layer of your own that the file names; may be given again",
    )
    add(
        "--input-range",
        choices=RANGE_WORDS,
        help="real values the model expects for pixels 0..255 (default: 0..255 where"
        " the first layer is Rescaling or Normalization, else 0..1)",
    )
    add(
        "--channel-order",
        choices=("rgb", "bgr"),
        default="rgb",
        help="colour order the model was trained with; the file takes RGB",
    )
    add(
        "--malignant-index",
        type=int,
        choices=(0, 1),
        default=1,
        help="which of two softmax units is the malignant one",
    )


def with_joined_range(words: Sequence[str]) -> list[str]:
    """``--input-range -1..1`` as one word: argparse takes -1..1 for an option.

    >>> with_joined_range(["a.keras", "--input-range", "-1..1", "--seed", "1"])
    ['a.keras', '--input-range=-1..1', '--seed', '1']
    """
    joined: list[str] = []
    for word in words:
        if word == "-1..1" and joined and joined[-1] == "--input-range":
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def refuse_contradictions(
    parser: argparse.ArgumentParser, words: argparse.Namespace
) -> None:
    """End with a usage message where no model, or two, are named."""
    if (words.builder is None) != (words.weights is None):
        parser.error("--builder and --weights belong together")
    if (words.builder is None) == (not words.keras_model):
        parser.error("expected a model's path, or --builder with --weights")


def source_words(words: argparse.Namespace) -> dict[str, Any]:
    """The options as fields of ``SourceOptions``."""
    first, *others = words.keras_model or [None]
    return {
        "keras_model": first,
        "other_models": tuple(others),
        "builder": words.builder,
        "weights": words.weights,
        "custom_object": tuple(words.custom_object),
        "input_range": words.input_range,
        "channel_order": words.channel_order,
        "malignant_index": words.malignant_index,
    }
