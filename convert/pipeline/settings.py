"""What a conversion is asked for."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from convert.checks.gates import Limits
from convert.quantize.recipes import RECIPES, FineTuning, Recipe
from convert.targets.table import TARGETS, Target

ALL = "all"
"""Stands for every recipe."""


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    keras_model: Path | None
    manifest: Path
    recipe: str
    target: str
    io: str
    target_recall: float
    steps: int
    learning_rate: float
    seed: int
    data_name: str
    terms: str
    measure_test: bool
    overwrite: bool
    out: Path
    builder: str | None = None
    weights: Path | None = None
    custom_object: tuple[str, ...] = ()
    input_range: str | None = None
    channel_order: str = "rgb"
    malignant_index: int = 1
    calibration: Path | None = None
    report: Path | None = None
    summary: Path | None = None
    emit_c: bool = False
    card_only: bool = False
    accept: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    keep_float: tuple[str, ...] = ()
    other_models: tuple[Path, ...] = ()

    def jobs(self) -> tuple["Settings", ...]:
        """One for each model and recipe; with ``all``, those that the target runs."""
        recipes = tuple(RECIPES) if self.recipe == ALL else (self.recipe,)
        return tuple(
            replace(self, keras_model=model, recipe=recipe, other_models=())
            for model in (self.keras_model, *self.other_models)
            for recipe in recipes
            if self.recipe != ALL or self.chosen_target.problem(recipe, self.io) is None
        )

    @property
    def chosen_recipe(self) -> Recipe:
        """The row of the table of recipes."""
        return RECIPES[self.recipe]

    @property
    def chosen_target(self) -> Target:
        """The row of the table of targets."""
        return TARGETS[self.target]

    @property
    def tuning(self) -> FineTuning:
        """How to fine-tune, for recipes that do."""
        return FineTuning(self.steps, self.learning_rate, self.keep_float, self.seed)

    def name_of(self, network: str) -> str:
        """``NETWORK.RECIPE``, with the target unless it is our own runtime."""
        ending = "" if self.target == "python" else f".{self.target}"
        return f"{network}.{self.recipe}{ending}"
