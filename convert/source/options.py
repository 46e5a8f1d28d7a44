"""Command-line words that say which model is converted and what it expects."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RANGE_WORDS = ("0..1", "0..255", "-1..1")
HEAD_WORDS = ("probability", "logit")
"""Both stand here, as this module must not wait for TensorFlow."""

# Names that Keras gives to models nobody named.
_UNNAMED = ("functional", "sequential", "model")


def network_name(name: str, path: Path) -> str:
    """What a model is called: by its own name, or its file's where nobody named it.

    >>> network_name("functional_3", Path("runs/nevi.keras"))
    'nevi'
    """
    if name.rstrip("0123456789_") in _UNNAMED:
        name = path.name.removesuffix(path.suffix).removesuffix(".weights")
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)


@dataclass(frozen=True)
class SourceOptions:
    """Which model, and what it expects; one field per option."""

    keras_model: Path | None
    builder: str | None = None
    weights: Path | None = None
    custom_object: tuple[str, ...] = ()
    input_range: str | None = None
    input_mean: tuple[float, ...] = ()
    input_std: tuple[float, ...] = ()
    channel_order: str | None = None
    malignant_index: int | None = None
    head: str | None = None
    trust_code: bool = False
    image_size: int | None = None
    malignant_classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
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
        "--trust-code",
        action="store_true",
        help="let code inside the model file run, a Lambda layer say: only for files"
        " whose maker you trust as you trust a program of theirs",
    )
    add(
        "--input-range",
        choices=RANGE_WORDS,
        help="real values the model was trained on for pixels 0..255; without it, read"
        " from the model's graph, or found by trial on validation photos",
    )
    add(
        "--input-mean",
        metavar="R,G,B",
        help="subtracted from values in --input-range, in the order of --channel-order;"
        " one number or three (torch: 0.485,0.456,0.406; caffe: 103.939,116.779,123.68"
        " with 0..255 and bgr)",
    )
    add(
        "--input-std",
        metavar="R,G,B",
        help="what the result is divided by (torch: 0.229,0.224,0.225)",
    )
    add(
        "--channel-order",
        choices=("rgb", "bgr"),
        help="colour order the model was trained with; the file takes RGB. Without it"
        " rgb, unless the model does not tell its range and photos speak for bgr",
    )
    add(
        "--malignant-index",
        type=int,
        choices=(0, 1),
        help="which of two units is the malignant one (1 unless told); 0 for one unit"
        " that gives the probability of benign",
    )
    add(
        "--malignant-classes",
        metavar="NAMES",
        help="of a model of several classes, those that count as malignant, with"
        " commas: names in --labels, or positions from 0; the score is their sum",
    )
    add(
        "--labels",
        metavar="NAMES|FILE|manifest",
        help="names of the classes in the order of the outputs: with commas; a file"
        " with one on a line; or manifest: the diagnoses of its training split in"
        " alphabetical order, as Keras numbers folders",
    )
    add(
        "--image-size",
        type=int,
        metavar="PX",
        help="side of the square, for models that take pictures of any size",
    )
    add(
        "--head",
        choices=HEAD_WORDS,
        help="what the outputs are where the model does not tell: probabilities, or"
        " logits; without it, found by trial on validation photos",
    )


_NUMBERS_FOLLOW = ("--input-range", "--input-mean", "--input-std")


def with_joined_range(words: Sequence[str]) -> list[str]:
    """``--input-range -1..1`` as one word: argparse takes -1..1 for an option.

    The same of ``--input-mean -1,-1,-1``.

    >>> with_joined_range(["a.keras", "--input-range", "-1..1", "--seed", "1"])
    ['a.keras', '--input-range=-1..1', '--seed', '1']
    """
    joined: list[str] = []
    for word in words:
        if word.startswith("-") and joined and joined[-1] in _NUMBERS_FOLLOW:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def refuse_contradictions(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> None:
    """End with a usage message where no model, or two, are named."""
    if (options.builder is None) != (options.weights is None):
        parser.error("--builder and --weights belong together")
    if (options.builder is None) == (not options.keras_model):
        parser.error("expected a model's path, or --builder with --weights")
    if options.image_size is not None and options.image_size < 1:
        parser.error(f"--image-size must be at least 1; got {options.image_size}")
    if options.labels and not options.malignant_classes:
        parser.error("--labels belongs to --malignant-classes")
    given = options.input_mean or options.input_std
    if given and not options.input_range:
        parser.error(
            "--input-mean and --input-std are of values in --input-range; give that"
            " too: 0..1 for torch's, 0..255 for caffe's"
        )
    for option in ("input_mean", "input_std"):
        _numbers(parser, option, getattr(options, option))


def _numbers(
    parser: argparse.ArgumentParser, option: str, text: str | None
) -> tuple[float, ...]:
    """One number or three, or a usage message."""
    if text is None:
        return ()
    name = f"--{option.replace('_', '-')}"
    try:
        numbers = tuple(float(each) for each in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 3) or not all(map(math.isfinite, numbers)):
        parser.error(f"{name} expects one number or three with commas; got {text}")
    if option == "input_std" and not all(numbers):
        parser.error(f"{name} must not be 0; got {text}")
    return numbers


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (text or "").split(","))))


def _labels(text: str | None) -> tuple[str, ...]:
    """Of a file the lines that are not empty, else the names between commas."""
    if text is None or not Path(text).is_file():
        return _names(text)
    lines = Path(text).read_text(encoding="utf-8-sig").splitlines()
    return tuple(filter(None, map(str.strip, lines)))


def _joined_numbers(text: str | None) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(",")) if text else ()


def source_words(options: argparse.Namespace) -> dict[str, Any]:
    """The options as fields of ``SourceOptions``."""
    first, *others = options.keras_model or [None]
    return {
        "keras_model": first,
        "other_models": tuple(others),
        "builder": options.builder,
        "weights": options.weights,
        "custom_object": tuple(options.custom_object),
        "input_range": options.input_range,
        "input_mean": _joined_numbers(options.input_mean),
        "input_std": _joined_numbers(options.input_std),
        "channel_order": options.channel_order,
        "malignant_index": options.malignant_index,
        "head": options.head,
        "trust_code": options.trust_code,
        "image_size": options.image_size,
        "malignant_classes": _names(options.malignant_classes),
        "labels": _labels(options.labels),
    }
