"""Write the model card that people read: README.md of a folder of model files.

Run: python convert/model_cards.py models

Everything in it is said by the cards inside the files; a test holds the two together.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.cards.readme import model_readme
from convert.cards.registry_file import write_registry
from convert.errors import ConversionError
from edge_runtime.files.atomic import write_text
from edge_runtime.model.file import read_model_file
from edge_runtime.terminal.exit_status import exit_status


def write(folder: Path) -> Path:
    """Write the page beside the files, and the registry that programs read.

    Raises:
        ConversionError: when the folder holds no model file.
        ModelFileError: when one of them is damaged.
    """
    paths = sorted(
        folder.glob("*.tflite"), key=lambda path: (path.stat().st_size, path.name)
    )
    if not paths:
        raise ConversionError(f"{folder} holds no .tflite file")
    page = folder / "README.md"
    write_text(page, model_readme([read_model_file(path) for path in paths]))
    write_registry(folder)
    return page


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Write README.md of a folder of model files from their cards."
    )
    parser.add_argument("folder", type=Path, help="such as models")
    options = parser.parse_args(arguments)
    print(write(options.folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
