"""Convert a trained Keras model to one self-describing .tflite file.

Run: python convert/to_tflite.py runs/cnn64/model.keras --manifest data/fanconic.csv \
    --recipe qat_int8 --out models
"""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.cards.text import NOT_COMPARED
from convert.checks.classes import OF_MANIFEST, diagnoses_of
from convert.errors import ConversionError
from convert.messages import show_all
from convert.pipeline.early_checks import network_in, refuse_bad_paths
from convert.pipeline.settings import (
    ALL,
    EPILOG,
    Settings,
    add_conversion_options,
    add_gate_options,
    taken_limits,
)
from convert.pipeline.sweep import sweep
from convert.quantize.recipes import AI_EDGE
from convert.source.options import (
    add_source_options,
    refuse_contradictions,
    source_words,
    with_joined_range,
)
from convert.targets.c_source import write_c_source
from convert.targets.table import TARGETS
from edge_runtime.errors import UsageError
from edge_runtime.files.atomic import write_text
from edge_runtime.model.card import ModelCard
from edge_runtime.model.file import write_model_file
from edge_runtime.photos.manifest import read_manifest
from edge_runtime.terminal.command_parser import CommandParser, Defaults, from_keywords
from edge_runtime.terminal.exit_status import exit_status
from training.framework import start_keras


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Convert a trained Keras model to a .tflite file with its card:"
        " weights, preprocessing, threshold with its evidence, golden vectors.",
        epilog=EPILOG,
        formatter_class=Defaults,
    )
    add_source_options(parser)
    add_conversion_options(parser)
    add_gate_options(parser)
    given_words = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(with_joined_range(given_words))
    if not 0 < options.target_recall <= 1:
        parser.error(f"--target-recall must be in (0, 1]; got {options.target_recall}")
    if options.steps < 1:
        parser.error(f"--steps must be at least 1; got {options.steps}")
    _refuse_bad_name(parser, options)
    refuse_contradictions(parser, options)
    target = TARGETS[options.target]
    io = getattr(options, "io", target.io[0])
    if options.recipe != ALL and (problem := target.problem(options.recipe, io)):
        parser.error(problem)
    integer = ("ptq_int8", "qat_int8", AI_EDGE)
    if options.keep_float and options.recipe not in integer:
        parser.error(f"--keep-float is for --recipe {', '.join(integer)}")
    limits = taken_limits(options)
    given = {"io": io, "limits": limits, "accept": tuple(options.accept)}
    given |= source_words(options) | {"keep_float": tuple(options.keep_float)}
    return Settings(**{**vars(options), **given})


def _refuse_bad_name(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> None:
    """Exit where name and version would not make the name of one file."""
    if options.version and not options.name:
        parser.error("--version follows --name; expected both")
    if options.name and not options.name[0].isalpha():
        # Kits for C and C++ make an identifier of it.
        parser.error(f"--name begins with a letter; got {options.name}")
    if options.name and len(options.keras_model) > 1:
        parser.error("--name is of one model; convert the others one by one")


def convert(
    keras_model: str | Path | None = None, *, manifest: str | Path, **options: Any
) -> Path:
    """Convert a model as ``lesion-edge convert`` does; returns the file's path.

        convert("runs/cnn64/model.keras", manifest="data/fanconic.csv",
                recipe="ptq_int8", out="models")

    Args:
        keras_model: the model's path; None with ``builder`` and ``weights``.
        manifest: table of labelled photos.
        options: those of the command, with underscores; one recipe at a time.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        ConversionError: when the model, the photos or the options do not fit.
        GateError: when the file would have lost too much.
    """
    places = [] if keras_model is None else [keras_model]
    given = {"manifest": manifest, **options}
    settings = from_keywords(parse, given, places=places)
    if settings.recipe == ALL or settings.summary:
        raise UsageError(
            "recipe='all' and summary make several files; call convert once for each"
        )
    return converted(settings)


def converted(settings: Settings) -> Path:
    """Convert, check against the Keras model, write; returns the file's path.

    Raises:
        ConversionError: when the model, the photos or the options do not fit.
        GateError: when the file would have lost too much.
    """
    if settings.card_only:
        return _card_only(settings)
    _refuse_taken(settings)
    photos = read_manifest(settings.manifest)
    if settings.labels == (OF_MANIFEST,):
        settings = replace(settings, labels=diagnoses_of(photos))
    start_keras()
    from convert.source.model import source_for

    source = source_for(settings)
    path = _free_path(settings.name_of(source.network), settings)
    from convert.pipeline.steps import assemble

    file = assemble(source, photos, settings)
    write_model_file(path, file.model, file.card, file.labels, file.golden)
    if settings.chosen_target.labels_beside:
        text = "".join(f"{label}\n" for label in file.labels)
        write_text(path.with_suffix(".labels.txt"), text)
    if settings.emit_c:
        write_c_source(file, settings.out)
    print(outcome(file.card, path), file=sys.stderr)
    return path


def _card_only(settings: Settings) -> Path:
    from convert.pipeline.card_only import RECIPE, carded

    given = settings.keras_model
    if given is None:
        raise ConversionError("--card-only needs the path of a .tflite file")
    path = _free_path(f"{settings.first_name(given.stem)}.{RECIPE}", settings)
    file = carded(given, settings)
    write_model_file(path, file.model, file.card, file.labels, file.golden)
    print(outcome(file.card, path), file=sys.stderr)
    return path


def _refuse_taken(settings: Settings) -> None:
    """Stop at a file that is there, where its name is known without TensorFlow."""
    model = settings.keras_model
    if model is not None and (network := network_in(model)):
        _free_path(settings.name_of(network), settings)


def _free_path(name: str, settings: Settings) -> Path:
    path = settings.out / f"{name}.tflite"
    if path.exists() and not settings.overwrite:
        raise ConversionError(
            f"{path} is there already; give --overwrite to replace it"
        )
    return path


def outcome(card: ModelCard, path: Path) -> str:
    """What a person wants to know right after a conversion."""
    lines = [f"{card.name}: {path.stat().st_size / 1000:.1f} kB"]
    for measured in card.accuracy:
        lines.append(
            f"  {measured.photos}: AUC {measured.auc:.3f}"
            f" ({measured.auc_low:.3f} to {measured.auc_high:.3f}),"
            f" recall {measured.recall.in_words} with specificity"
            f" {measured.specificity.in_words} at the file's threshold"
        )
    changed = card.comparison
    if not changed.n:
        return "\n".join((*lines, f"  {NOT_COMPARED}", f"  {card.notice}"))
    lines.append(
        f"  against the Keras model on {changed.split} ({changed.n} photos): AUC"
        f" {changed.auc_keras:.4f} to {changed.auc_file:.4f};"
        f" malignant lost {changed.malignant_lost}, gained {changed.malignant_gained};"
        f" false alarms new {changed.benign_lost}, gone {changed.benign_gained};"
        f" scores moved by {changed.mean_difference:.4f} on average,"
        f" {changed.largest_difference:.3f} at most;"
        f" {changed.distinct_scores} different scores"
    )
    lines.append(f"  {card.notice}")
    return "\n".join(lines)


@exit_status(stopped="stopped; nothing was written")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    refuse_bad_paths(settings)
    if settings.verbose:
        show_all()
    else:
        # What goes wrong in TensorFlow comes as an exception too; its lines are noise.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    jobs = settings.jobs()
    if len(jobs) > 1 or settings.summary:
        given = sys.argv[1:] if arguments is None else arguments
        command = shlex.join(["python", "convert/to_tflite.py", *given])
        return sweep(jobs, converted, command=command, summary=settings.summary)
    print(converted(jobs[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
