"""What a kit is for and made of, read from the folder of its target.

A target is one folder in ``convert/kits/templates``: ``kit.json``, ``README.md`` and
``files/``. Files that end in ``.in`` are templates; all others are copied as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from convert.errors import ConversionError
from convert.targets.table import TARGETS, Target
from edge_runtime.files.strict_json import build, parse

KITS = Path(__file__).resolve().parent / "templates"
ALL = "all"


@dataclass(frozen=True)
class Share:
    """A folder or file that belongs to another target's kit too.

    Attributes:
        source: path inside ``convert/kits/templates``.
        to: path inside the kit.
    """

    source: str
    to: str


@dataclass(frozen=True)
class KitDescription:
    """One target's ``kit.json``.

    Attributes:
        name: of the target and its folder; what ``--target`` asks for.
        summary: one line for ``--help``.
        row: in the table of targets (``convert/targets/table.py``): types at the edges
        and recipes that its runtime takes. model_folder: where the model goes in the
        kit. model_name: of the model file there; ``""`` keeps the model's own.
        golden_folder: where the golden vectors go in the kit. golden_form:
        ``"folder"``, ``"json"`` or ``"c"``. c_source_folder: where the model goes as a
        C array; ``""`` for nowhere. versions: what the kit was written for, by name.
        verified: what was compiled and run, in sentences. unverified: what was not, in
        sentences. answers: whether a model may take answers about the lesion too.
        decodes_whole: why photos are decoded whole there, where the runtime
        decodes a large JPEG at reduced scale; ``""`` where they are not. locked: Python
        packages that ``requirements.txt`` pins with all they need. shares: taken from
        other targets.
    """

    name: str
    summary: str
    row: str
    model_folder: str
    model_name: str
    golden_folder: str
    golden_form: str
    c_source_folder: str
    versions: Mapping[str, str]
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    answers: bool
    decodes_whole: str
    locked: tuple[str, ...]
    shares: tuple[Share, ...]

    @property
    def folder(self) -> Path:
        """The target's own folder."""
        return KITS / self.name

    @property
    def target(self) -> Target:
        """What its runtime takes."""
        return TARGETS[self.row]

    def problem(self, recipe: str, *, asks: bool) -> str | None:
        """Why a model cannot go into the kit; None if it can.

        Args:
            recipe: of the model.
            asks: whether it takes answers beside the photo.
        """
        if asks and not self.answers:
            return (
                f"the target {self.name} shows a model the photo alone; this one also"
                " takes answers about the lesion"
            )
        recipes = self.target.recipes
        if recipes is None or recipe in recipes:
            return None
        return (
            f"the target {self.name} runs {', '.join(recipes)}; a model of recipe"
            f" {recipe} gives nothing it could run"
        )


def kit_names() -> tuple[str, ...]:
    """Targets there are kits for, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in KITS.glob("*/kit.json")))


def read_description(name: str) -> KitDescription:
    """The description of one target.

    Raises:
        ConversionError: when there is no such target, or its description is wrong.
    """
    path = KITS / name / "kit.json"
    if name not in kit_names():
        raise ConversionError(
            f"there is no kit {name!r}; expected one of {kit_names()}"
        )
    try:
        values = parse(path.read_text(encoding="utf-8"))
        return cast("KitDescription", build(KitDescription, values, name))
    except (TypeError, ValueError) as error:
        raise ConversionError(f"{path}: {error}") from error
