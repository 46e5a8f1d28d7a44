"""Which model files there are and were: ``registry.json`` beside them.

It is made from the cards inside the files and says what one wants to know without
opening them. An entry whose file was replaced moves to ``before``, so that a release of
last year can still be told apart from a file that nobody knows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.errors import ConversionError
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import as_values, build, parse, to_json
from edge_runtime.model.evidence import Accuracy, headline
from edge_runtime.model.file import ModelFile, read_model_file
from edge_runtime.verdict import NOTICE

REGISTRY_NAME = "registry.json"
REGISTRY_FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One model file.

    Attributes:
        name: the card's name.
        file: in the folder of the registry.
        file_sha256: of the whole file; what a signed release names.
        file_bytes: its size.
        model_sha256: of the model inside.
        network: such as ``"cnn64"``.
        recipe: such as ``"qat_int8"``.
        size_px: side of the square it looks at.
        input: type at the model's input.
        created: when its training ended.
        licence: terms of the weights.
        threshold_score: at or above it: investigate.
        measured: recall and specificity at that threshold, and AUC, with intervals, on
            the cleanest set that the card has.
    """

    name: str
    file: str
    file_sha256: str
    file_bytes: int
    model_sha256: str
    network: str
    recipe: str
    size_px: int
    input: str
    created: str
    licence: str
    threshold_score: float
    measured: Accuracy


@dataclass(frozen=True)
class Registry:
    """What ``registry.json`` holds.

    Attributes:
        format: version of this layout.
        notice: what the models are not.
        models: files there are, by name.
        before: files that were replaced, the latest last.
    """

    format: int
    notice: str
    models: tuple[Entry, ...]
    before: tuple[Entry, ...]

    def entry(self, name: str) -> Entry:
        """The file of this name, or that starts with this SHA-256.

        Raises:
            ConversionError: when there is none, or more than one.
        """
        found = [each for each in self.models if each.name == name] or [
            each
            for each in (*self.models, *self.before)
            if len(name) >= 8 and each.file_sha256.startswith(name)
        ]
        if len(found) != 1:
            known = [each.name for each in self.models]
            raise ConversionError(
                f"expected one of {known}, or the first digits of a file's SHA-256 (8"
                f" at least); {name!r} is {len(found)} of them"
            )
        return found[0]


def entry_of(file: ModelFile) -> Entry:
    """What a file says of itself."""
    card = file.card
    content = file.path.read_bytes()
    return Entry(
        name=card.name,
        file=file.path.name,
        file_sha256=hashlib.sha256(content).hexdigest(),
        file_bytes=len(content),
        model_sha256=card.model_sha256,
        network=card.network,
        recipe=card.recipe,
        size_px=card.input.size_px,
        input=card.input.dtype,
        created=card.created,
        licence=card.licence,
        threshold_score=card.threshold.score,
        measured=headline(card.accuracy),
    )


def read_registry(folder: Path) -> Registry:
    """The registry of a folder.

    Raises:
        ConversionError: when it is missing or cannot be read.
    """
    path = folder / REGISTRY_NAME
    try:
        registry: Registry = build(
            Registry, parse(path.read_text(encoding="utf-8")), REGISTRY_NAME
        )
    except (OSError, TypeError, ValueError) as error:
        raise ConversionError(
            f"{path} cannot be read: {error}. python convert/model_cards.py {folder}"
            " writes it."
        ) from error
    return registry


def updated(files: Sequence[ModelFile], old: Registry | None) -> Registry:
    """The registry of these files; what they replaced moves to ``before``."""
    models = tuple(sorted(map(entry_of, files), key=lambda each: each.name))
    here = {each.file_sha256 for each in models}
    known = () if old is None else (*old.before, *old.models)
    before = {each.file_sha256: each for each in known if each.file_sha256 not in here}
    return Registry(REGISTRY_FORMAT, NOTICE, models, tuple(before.values()))


def write_registry(folder: Path) -> Path:
    """Bring ``registry.json`` up to date with the files beside it.

    Raises:
        ModelFileError: when one of them is damaged.
        ConversionError: when the old registry cannot be read.
    """
    path = folder / REGISTRY_NAME
    old = read_registry(folder) if path.exists() else None
    files = [read_model_file(each) for each in sorted(folder.glob("*.tflite"))]
    write_text(path, to_json(updated(files, old)))
    return path


def entry_values(entry: Entry) -> dict[str, object]:
    """An entry as JSON values."""
    return dict(as_values(entry))
