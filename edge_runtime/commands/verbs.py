"""The verbs of ``lesion-edge``: what each is for, and where its code is.

Nothing is imported for this table: ``--help`` answers at once, and a verb pays for
nothing but itself. Verbs of the toolkit's other packages are reached by their import
name when they are called; on a device, where those packages are absent, the verb says
what brings them.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from edge_runtime.errors import ExtraMissingError

if TYPE_CHECKING:
    import argparse

DEVICE = "on a device"
_PHOTOS = "from photos to a trained network"
_FILES = "from a network to a checked .tflite file"
_FIGURES = "measure and serve"


class Verb(NamedTuple):
    """One row of the table.

    Attributes:
        target: ``module:main`` of a command of its own, or the module of a device verb
            with ``add_arguments`` and ``run``.
        summary: one line for ``--help``.
        group: heading under which ``--help`` lists it.
        extra: of ``pip install``, that brings what it imports; empty for device verbs,
            whose needs the runtime always has.
        stopped: of device verbs, what is kept when the user interrupts.
    """

    target: str
    summary: str
    group: str
    extra: str = ""
    stopped: str = "stopped; nothing was written"


VERBS = {
    "prepare": Verb(
        "training.prepare:main",
        "write a manifest: photos with labels, lesions and splits",
        _PHOTOS,
        "train",
    ),
    "train": Verb(
        "training.train:main",
        "train a network on the photos of a manifest",
        _PHOTOS,
        "train",
    ),
    "distil": Verb(
        "training.distil:main",
        "write a trained network's soft labels, for smaller networks to learn from",
        _PHOTOS,
        "train",
    ),
    "generate": Verb(
        "training.generate:main",
        "draw lesions that nobody has, to learn from or to look at",
        _PHOTOS,
        "train",
    ),
    "convert": Verb(
        "convert.to_tflite:main",
        "convert a Keras model to one .tflite file, checked against the model",
        _FILES,
        "convert",
    ),
    "show": Verb(
        "convert.show:main", "show the card of a .tflite file", _FILES, "convert"
    ),
    "verify": Verb(
        "convert.verify:main",
        "check that files are whole and score as their cards say",
        _FILES,
        "convert",
    ),
    "package": Verb(
        "convert.package:main",
        "write a starter kit around a file: Android, iOS, web, Pi, microcontroller",
        _FILES,
        "convert",
    ),
    "release": Verb(
        "convert.release:main",
        "sign a model file for devices that take updates",
        _FILES,
        "convert",
    ),
    "classify": Verb(
        "edge_runtime.commands.classify",
        "judge photos of skin lesions",
        DEVICE,
        stopped="stopped; a file of --jsonl or --csv keeps its verdicts, the same"
        " command goes on from there",
    ),
    "calibrate": Verb(
        "edge_runtime.commands.calibrate",
        "derive a site's own threshold from its labelled photos",
        DEVICE,
    ),
    "bench": Verb(
        "edge_runtime.commands.bench",
        "time one model on this device, without labels (see also benchmark)",
        DEVICE,
    ),
    "camera": Verb(
        "edge_runtime.commands.camera",
        "judge what a camera, stream or recording shows",
        DEVICE,
        stopped="stopped; photos that --save wrote are kept",
    ),
    "doctor": Verb(
        "edge_runtime.commands.doctor",
        "look at this device and say what to do",
        DEVICE,
    ),
    "config": Verb(
        "edge_runtime.commands.config",
        "show settings and where each comes from",
        DEVICE,
    ),
    "update": Verb(
        "edge_runtime.commands.update",
        "take a newer model from its publisher, or go back to the one before",
        DEVICE,
        stopped="stopped; the next update first puts right what was begun",
    ),
    "benchmark": Verb(
        "benchmarks.run:main",
        "measure files on labelled photos: latency, memory, recall (see also bench)",
        _FIGURES,
        "bench",
    ),
    "compare": Verb(
        "benchmarks.compare:main",
        "compare results: what changed beyond chance",
        _FIGURES,
        "bench",
    ),
    "screen": Verb(
        "benchmarks.archive.screen:main",
        "judge an archive of millions of photos on many cores",
        _FIGURES,
        "bench",
    ),
    "serve": Verb(
        "web_demo.serve:main",
        "open the demo: upload a photo, see the verdict, in a browser",
        _FIGURES,
        "web",
    ),
}


class DeviceVerb(Protocol):
    """What the module of a device verb has to have."""

    DETAILS: str

    def add_arguments(self, parser: "argparse.ArgumentParser") -> None:
        """Declare the verb's options."""

    def run(self, words: "argparse.Namespace") -> int:
        """Do what the arguments ask for; returns the exit status."""


def device_verbs() -> tuple[str, ...]:
    """Names of the verbs that a configuration file can have settings for."""
    return tuple(name for name, verb in VERBS.items() if verb.group == DEVICE)


def device_verb(name: str) -> DeviceVerb:
    """The module of a device verb."""
    return cast("DeviceVerb", importlib.import_module(VERBS[name].target))


def call(name: str, words: Sequence[str]) -> int:
    """Run a command of the other packages; returns its exit status.

    Raises:
        ExtraMissingError: when the command, or what it imports, is not installed.
    """
    verb = VERBS[name]
    module, _, function = verb.target.partition(":")
    try:
        main: Callable[[Sequence[str]], int] = getattr(
            importlib.import_module(module), function
        )
        return main(words)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if not missing or importlib.util.find_spec(missing):
            raise  # Part of something that is there: no extra brings it.
        raise ExtraMissingError(
            f"{name} needs {missing}, which is not installed. In a checkout of"
            f' lesion-edge: pip install ".[{verb.extra}]"'
        ) from error


def listing() -> str:
    """All verbs under the headings of their groups, for ``--help``."""
    groups: dict[str, list[str]] = {}
    width = max(map(len, VERBS))
    for name, verb in VERBS.items():
        groups.setdefault(verb.group, []).append(f"  {name:<{width}}  {verb.summary}")
    return "\n\n".join(_section(group, lines) for group, lines in groups.items())


def _section(group: str, lines: Iterable[str]) -> str:
    return "\n".join((f"{group}:", *lines))
