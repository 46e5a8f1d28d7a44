"""Tell which layers a converted file got wrong, worst first.

Run: python convert/compare_layers.py models/cnn64.qat_int8.tflite
runs/cnn64/model.keras \
    --manifest data/fanconic.csv
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.diagnosis.layer_report import advice, csv_text, picture, table_text
from convert.errors import ConversionError
from convert.quantize.recipes import RECIPES
from convert.source.options import (
    SourceOptions,
    add_source_options,
    refuse_contradictions,
    source_words,
    with_joined_range,
)
from edge_runtime.files.atomic import write_text
from edge_runtime.model.file import read_model_file
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.terminal.command_parser import Defaults
from edge_runtime.terminal.exit_status import exit_status
from training.framework import start_keras


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    file: Path
    source: SourceOptions
    manifest: Path
    photos: int
    out: Path


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Compare every layer of an integer .tflite file with the Keras"
        " model it was made of: signal to noise, cosine, largest difference, and what"
        " follows. Writes FILE's name with .layers.csv and .layers.svg.",
        formatter_class=Defaults,
    )
    parser.add_argument("file", type=Path, help="the converted .tflite file")
    add_source_options(parser)
    parser.add_argument(
        "--manifest", type=Path, required=True, help="table of training/prepare.py"
    )
    parser.add_argument(
        "--photos", type=int, default=16, help="validation photos to run"
    )
    parser.add_argument("--out", type=Path, help="folder (default: beside FILE)")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(with_joined_range(given))
    refuse_contradictions(parser, options)
    if options.photos < 1:
        parser.error(f"--photos must be at least 1; got {options.photos}")
    source = SourceOptions(**source_words(options))
    if source.other_models:
        parser.error("expected one model")
    return Settings(
        options.file,
        source,
        options.manifest,
        options.photos,
        options.out or options.file.parent,
    )


def report(settings: Settings) -> str:
    """Compare and write; returns the text for a terminal.

    Raises:
        ConversionError: when the file is not a conversion of the model.
    """
    file = read_model_file(settings.file)
    photos = photos_of(read_manifest(settings.manifest), "val")[: settings.photos]
    # TensorFlow takes seconds to import, which --help and mistakes need not wait for.
    start_keras()
    from convert.diagnosis.layer_errors import layer_errors
    from convert.quantize.conversion import rebuilt
    from convert.quantize.export import flatbuffer
    from convert.quantize.mixed_precision import layers_of
    from convert.source.model import as_converted, source_for
    from convert.source.scoring import read_photos

    source = source_for(settings.source)
    if source.slots:
        raise ConversionError(
            "layers of a model that takes answers cannot be compared; --report of"
            " convert/to_tflite.py compares its scores"
        )
    if source.sha256 != file.card.provenance.source_sha256:
        raise ConversionError(
            f"{settings.file} was made of another model than the one named here"
            " (their sha256 differ)"
        )
    if file.card.input.size_px != source.size_px:
        raise ConversionError(
            f"{settings.file} shrinks its {file.card.input.size_px} px input itself;"
            " compare the file that --target python gives"
        )
    source = as_converted(source, file.card.provenance.conversion)
    shown = read_photos(photos, source.size_px, "validation")
    model = rebuilt(source, shown)
    floating = flatbuffer(
        model,
        RECIPES["float32"],
        size_px=source.size_px,
        io="float32",
        representative=lambda: iter(()),
    )
    layers = layers_of(model)
    errors = layer_errors(floating, file.model, shown.pixels, layers)
    stem = settings.out / settings.file.stem
    write_text(Path(f"{stem}.layers.csv"), csv_text(errors))
    write_text(Path(f"{stem}.layers.svg"), picture(errors, file.card.name))
    return f"{table_text(errors)}\n{advice(errors, layers)}"


@exit_status(stopped="stopped")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(report(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
