"""Print what a model file says about itself and what it is made of.

Run: python convert/show.py models/cnn64.qat_int8.tflite
"""

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.cards.text import card_lines, graph_lines, size_lines
from convert.tflite.audit import quantisation, size_report
from convert.tflite.operators import Operator, operators
from edge_runtime.model.evidence import headline
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.site_calibration.file import card_in_force, in_force
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    file: Path
    as_json: bool


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = CommandParser(
        description="Print a model file's card, operations, quantisation and size."
        " Research and education; not a medical device.",
    )
    parser.add_argument(
        "file", type=Path, help="a .tflite file that convert/to_tflite.py wrote"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON for programs, not text"
    )
    options = parser.parse_args(arguments)
    return Settings(options.file, options.json)


def show(settings: Settings) -> str:
    """The file as text or JSON.

    Raises:
        ModelFileError: when the file is missing, damaged or carries no card.
        ConversionError: when its operators cannot be read.
    """
    file = read_model_file(settings.file)
    found = operators(file.model)
    file_bytes = settings.file.stat().st_size
    if settings.as_json:
        content = _as_values(file, found, file_bytes)
        return json.dumps(content, indent=2, ensure_ascii=False)
    parameters = file.card.provenance.parameters
    return "\n".join(
        (
            *card_lines(file.card),
            *_site_lines(file, settings.file),
            *graph_lines(found),
            *size_lines(size_report(file.model), file_bytes, parameters),
        )
    )


def _site_lines(file: ModelFile, path: Path) -> Iterator[str]:
    """Both operating points where a site file lies beside the model: which is used."""
    card, place = card_in_force(file.card, path)
    yield in_force(card) + (f" ({place})" if place else "")
    if place:
        yield f"without it (--site none): {in_force(file.card)}"
        for name, each in (("site file", card), ("card", file.card)):
            threshold = each.threshold
            measured = headline(each.accuracy)
            yield (
                f"  {name}: threshold {threshold.probability:.4f} (score"
                f" {threshold.score:.4f}), temperature {each.temperature:g}; on"
                f" {measured.split}: recall {measured.recall.counted}, specificity"
                f" {measured.specificity.counted}"
            )


def _as_values(
    file: ModelFile, found: Sequence[Operator], file_bytes: int
) -> dict[str, Any]:
    size = size_report(file.model)
    return {
        "card": json.loads(file.card.to_json()),
        "labels": file.labels,
        "operating_point": in_force(card_in_force(file.card, file.path)[0]),
        "operations": [
            {**dataclasses.asdict(operator), "layer": operator.layer}
            for operator in found
        ],
        "quantisation": quantisation(found),
        "size": {
            **dataclasses.asdict(size),
            "overhead_bytes": size.overhead_bytes,
            "file_bytes": file_bytes,
        },
    }


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    print(show(parse(arguments)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
