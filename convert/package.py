"""Write a kit: everything an app needs to embed a model and give Python's answer.

Run: python convert/package.py models/cnn64.qat_int8.tflite --target web --out web-kit

A kit holds the model, its card, preprocessing and postprocessing in the target's
language, golden vectors, a self-test that names the step that differs, an example and
a page that says what was tried. docs/apps.md lists the targets.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.errors import ConversionError
from convert.kits.building import SUMS, kit_files
from convert.kits.description import ALL, kit_names, read_description
from convert.kits.site_copy import at_site
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.site_calibration.file import in_force
from edge_runtime.terminal.command_parser import CommandParser
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.terminal.native_log import without_info_lines


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    file: Path
    target: str
    out: Path
    overwrite: bool
    site: bool | Path = True


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    descriptions = [read_description(name) for name in kit_names()]
    listed = "\n".join(f"  {kit.name:<16}{kit.summary}" for kit in descriptions)
    parser = CommandParser(
        description="Write everything an app needs to embed a model and give Python's"
        " answer. Research and education; not a medical device.",
        epilog=f"targets:\n{listed}\n  {ALL:<16}a folder for each of them\n\n"
        "exit status: 0 done; 1 an error, no kit was written; 2 wrong usage;"
        " 3 some\nkits of 'all' were written, others could not be.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", type=Path, help="a .tflite file that convert/to_tflite.py wrote"
    )
    parser.add_argument(
        "--target", required=True, choices=(*kit_names(), ALL), help="see below"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the kit; of all: of kits"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a kit that is there already"
    )
    add_site_options(parser)
    options = parser.parse_args(arguments)
    return Settings(
        options.file, options.target, options.out, options.overwrite, site_of(options)
    )


def add_site_options(parser: argparse.ArgumentParser) -> None:
    """Declare which operating point goes along."""
    site = parser.add_mutually_exclusive_group()
    site.add_argument(
        "--site",
        type=Path,
        metavar="FILE",
        help="site file whose threshold goes into the card; the one beside the model,"
        " where there is one, unless given",
    )
    site.add_argument(
        "--without-site",
        action="store_true",
        help="leave the site file beside the model aside and keep the card's threshold",
    )


def site_of(options: argparse.Namespace) -> bool | Path:
    """What those options say, as ``at_site`` takes it."""
    if options.without_site:
        return False
    return options.site or True


def package(settings: Settings) -> list[str]:
    """Write the kit, or one for each target; returns why some could not be.

    Raises:
        ModelFileError: when the file is missing, damaged or carries no card.
        ConversionError: when the one target cannot run the model, or its folder holds
            something already.
    """
    _refuse_no_place(settings.out)
    file, place = at_site(read_model_file(settings.file), settings.site)
    print(in_force(file.card) + (f" ({place})" if place else ""))
    if settings.target != ALL:
        _one(file, settings.target, settings.out, settings.overwrite)
        return []
    problems = []
    for name in kit_names():
        try:
            _one(file, name, settings.out / name, settings.overwrite)
        except ConversionError as error:
            problems.append(f"{name}: {error}")
    return problems


def _one(file: ModelFile, name: str, folder: Path, overwrite: bool) -> None:
    replaced = overwrite and (folder / SUMS).is_file()
    if folder.exists() and any(folder.iterdir()) and not replaced:
        raise ConversionError(
            f"{folder} is there already and not empty. Choose another --out, or"
            " --overwrite a kit."
        )
    files = kit_files(file, read_description(name))
    _write(folder, {**files, SUMS: checksums(files)})
    size = sum(map(len, files.values()))
    print(f"{folder}: {file.card.name} for {name}, {len(files) + 1} files, {size:,} B")


def _refuse_no_place(out: Path) -> None:
    """Find out before the slow part that nothing can be written there."""
    folder = next(each for each in (out.absolute(), *out.absolute().parents)
                  if each.exists())  # fmt: skip
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConversionError(f"{out} cannot be written: {folder} is no place for it")


def checksums(files: Mapping[str, bytes]) -> bytes:
    """What ``sha256sum --check`` reads."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in files.items()
    ).encode()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write beside the folder first, so that a kit appears whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}."
    ) as temporary:
        new = Path(temporary) / "kit"
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if content.startswith(b"#!"):
                path.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)


@exit_status(stopped="stopped; kits are whole or not there")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    with without_info_lines():
        problems = package(settings)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if len(problems) == len(kit_names()):
        return ConversionError.exit_status
    return 3 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
