"""Ask the registry of model files, check it, or compare two of them.

Run: python convert/registry.py list

``models/registry.json`` is written by ``python convert/model_cards.py models``.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

if not __package__:
    # Started as a file: Python put convert/ first on the path. Put the checkout
    # there instead, so that our packages import and no module here hides another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from convert.cards.difference import calls, median_ms
from convert.cards.registry_file import (
    REGISTRY_NAME,
    Entry,
    entry_of,
    entry_values,
    read_registry,
)
from convert.cards.text import SPLITS, table
from convert.checks.flips import flips
from convert.errors import ConversionError, GateError
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.measuring.revision import CHECKOUT
from edge_runtime.model.file import read_model_file
from edge_runtime.model.golden import check_golden
from edge_runtime.photos.manifest import photos_of, read_manifest
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.terminal.exit_status import exit_status
from edge_runtime.verdict import NOTICE


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    verb: str
    models: Path
    names: tuple[str, ...]
    manifest: Path | None
    split: str


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Ask the registry of model files, check it, or compare two files."
        " Research and education; not a medical device.",
        epilog="exit status: 0 done; 1 an error; 2 wrong usage; 4 verify found a file"
        " that is not what the registry says.",
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=CHECKOUT / "models",
        help=f"folder with {REGISTRY_NAME} (default: models)",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="one line for each file")
    verbs.add_parser("show", help="all that is known of a file, as JSON").add_argument(
        "names", nargs=1, metavar="NAME", help="of a model, or digits of its SHA-256"
    )
    verbs.add_parser("verify", help="files, checksums, golden vectors").add_argument(
        "names", nargs="*", metavar="NAME", help="default: all"
    )
    diff = verbs.add_parser("diff", help="metrics, flips and latency of two files")
    diff.add_argument(
        "names", nargs=2, metavar="NAME_OR_FILE", help="the old one, the new one"
    )
    diff.add_argument("--manifest", type=Path, help="labelled photos to judge")
    diff.add_argument("--split", default="test", help="of the manifest (default test)")
    options = parser.parse_args(arguments)
    return Settings(
        options.verb,
        options.models,
        tuple(getattr(options, "names", ())),
        getattr(options, "manifest", None),
        getattr(options, "split", "test"),
    )


def listed(settings: Settings) -> Iterator[str]:
    """The files there are, a line each."""
    registry = read_registry(settings.models)
    yield f"{settings.models}: {NOTICE}"
    rows = [
        (
            each.name,
            f"{each.size_px} px",
            f"{each.file_bytes / 1000:.0f} kB",
            f"{each.measured.auc:.3f}",
            f"{each.measured.recall.value:.3f}",
            f"{each.measured.specificity.value:.3f}",
            SPLITS.get(each.measured.split, each.measured.split),
            each.file_sha256[:12],
        )
        for each in registry.models
    ]
    heads = ("name", "input", "size", "AUC", "recall", "specificity", "on", "SHA-256")
    yield from table(heads, rows)
    if registry.before:
        yield f"and {len(registry.before)} that were replaced; show takes their digits"


def verified(settings: Settings) -> Iterator[str]:
    """A line for each file that is what the registry says.

    Raises:
        GateError: naming every one that is not.
    """
    registry = read_registry(settings.models)
    entries = [registry.entry(name) for name in settings.names] or [*registry.models]
    wrong = []
    for entry in entries:
        problem = _problem(settings.models / entry.file, entry)
        if problem is None:
            yield f"ok      {entry.name}"
        else:
            wrong.append(f"{entry.name}: {problem}")
    known = {each.file for each in registry.models}
    strangers = {path.name for path in settings.models.glob("*.tflite")} - known
    wrong += [f"{name} is not in the registry" for name in sorted(strangers)]
    if wrong:
        raise GateError("; ".join(wrong))


def _problem(path: Path, entry: Entry) -> str | None:
    try:
        file = read_model_file(path)
        if entry_of(file) != entry:
            return "the file is not the one that the registry describes"
        differences = check_golden(file)
    except EdgeRuntimeError as error:
        return str(error)
    return f"golden vectors: {differences[0]}" if differences else None


def compared(settings: Settings) -> Iterator[str]:
    """Two files beside each other.

    Raises:
        EdgeRuntimeError: when a file or a photo cannot be used.
    """
    paths = [_path(settings.models, name) for name in settings.names]
    entries = [entry_of(read_model_file(path)) for path in paths]
    yield f"{NOTICE}. Each file at its own threshold."
    rows = [
        ("file", *(f"{path.name}" for path in paths)),
        ("SHA-256", *(each.file_sha256[:12] for each in entries)),
        ("kB", *(f"{each.file_bytes / 1000:.1f}" for each in entries)),
        ("measured on", *(each.measured.split for each in entries)),
        ("AUC", *(f"{each.measured.auc:.4f}" for each in entries)),
        ("recall", *(each.measured.recall.in_words for each in entries)),
        ("specificity", *(each.measured.specificity.in_words for each in entries)),
        ("interpreter here, median ms", *(f"{median_ms(path):.3f}" for path in paths)),
    ]
    yield from table(("", "old", "new"), rows)
    yield from _flipped(settings, paths)


def _flipped(settings: Settings, paths: Sequence[Path]) -> Iterator[str]:
    malignant = None
    if settings.manifest is None:
        photos = once_each(photos_in([CHECKOUT / "samples"]))
        where = "drawn samples (give --manifest for labelled photos)"
    else:
        rows = photos_of(read_manifest(settings.manifest), settings.split)
        photos = [row.path for row in rows]
        malignant = np.array([int(row.malignant) for row in rows])
        where = f"photos of the split {settings.split}"
    old, new = (calls(path, photos) for path in paths)
    raised, dropped = (np.flatnonzero(it) for it in (new & ~old, old & ~new))
    yield (
        f"of {len(photos)} {where}, {len(raised)} are malignant to the new file only,"
        f" {len(dropped)} to the old file only"
    )
    if malignant is not None:
        found = flips(malignant, old, new)
        yield (
            f"malignant lesions lost {len(found.malignant_lost)}, gained"
            f" {len(found.malignant_gained)}; false alarms new"
            f" {len(found.benign_lost)}, gone {len(found.benign_gained)}"
        )
    yield from (f"  now malignant: {photos[place]}" for place in raised)
    yield from (f"  no longer malignant: {photos[place]}" for place in dropped)


def _path(folder: Path, name: str) -> Path:
    if Path(name).is_file():
        return Path(name)
    path = folder / read_registry(folder).entry(name).file
    if not path.is_file():
        raise ConversionError(f"{name} was replaced; its file is not there any more")
    return path


def _shown(settings: Settings) -> Iterator[str]:
    entry = read_registry(settings.models).entry(settings.names[0])
    yield json.dumps({"notice": NOTICE, **entry_values(entry)}, indent=2)


_VERBS = {"list": listed, "show": _shown, "verify": verified, "diff": compared}


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    for line in _VERBS[settings.verb](settings):
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
