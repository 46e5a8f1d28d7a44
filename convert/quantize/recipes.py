"""The ways a trained model can be turned into a .tflite file.

A recipe's name says what is stored and computed, and how the ranges were found:

- ``float32``, ``float16``: weights in that precision, arithmetic in float32;
- ``dynamic_int8``: int8 weights, activations quantised while running;
- ``ptq_int8``: int8 weights and activations, ranges from representative photos
  (post-training quantisation);
- ``qat_int8``: the same numbers, but the weights learnt to live with them
  (quantisation-aware training);
- ``aeq_int8``: the same as ``ptq_int8`` by Google's AI Edge Quantizer, an optional
  package;
- ``int16x8``: int8 weights, int16 activations, ranges from representative photos: for
  networks whose activations need more than 256 steps.
"""

from dataclasses import dataclass
from importlib.util import find_spec

AI_EDGE = "aeq_int8"
"""The recipe of an optional package."""

TARGET_RECALL = 0.95
LEARNING_RATE = 3e-4
"""Of fine-tuning: some hundred steps move a weight by about one step of int8."""


def has_ai_edge() -> bool:
    """Whether the package of ``AI_EDGE`` is installed."""
    return find_spec("ai_edge_quantizer") is not None


@dataclass(frozen=True)
class Recipe:
    """One row of the table below.

    Attributes:
        name: also part of the file's name, as in ``cnn64.qat_int8.tflite``.
        integer: whether the edges are integers too, as ``--io`` says.
        trains: whether it fine-tunes on the training photos.
        max_auc_drop: the conversion fails if the area under the ROC curve on the
            validation split falls by more than this.
        max_score_change: the same if scores move by more on average; see
            ``gates.score_finding``.
        meaning: for ``--help``.
        advice: what to try where a gate fails.
        calibrated: whether ranges come from representative photos.
    """

    name: str
    integer: bool
    trains: bool
    max_auc_drop: float
    max_score_change: float
    meaning: str
    advice: str
    calibrated: bool = False

    @property
    def computes_integers(self) -> bool:
        """Whether no operation may compute in floating point."""
        return self.integer or self.calibrated


@dataclass(frozen=True)
class FineTuning:
    """How the recipes that train do so.

    Attributes:
        steps: batches to learn from.
        learning_rate: the first, as a share of each weight's size; falls to 0 as a
            cosine.
        keep_float: layers left without fake quantisation.
        seed: of the augmentation.
    """

    steps: int
    learning_rate: float
    keep_float: tuple[str, ...] = ()
    seed: int = 0


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "float32",
            False,
            False,
            0.0005,
            0.0005,
            "as trained; the reference",
            "This recipe computes what the Keras model does; please report it.",
        ),
        Recipe(
            "float16",
            False,
            False,
            0.001,
            0.005,
            "half the bytes, float arithmetic",
            "Try --recipe float32.",
        ),
        Recipe(
            "dynamic_int8",
            False,
            False,
            0.01,
            0.03,
            "int8 weights only",
            "Try --recipe float16.",
        ),
        Recipe(
            "ptq_int8",
            True,
            False,
            0.01,
            0.04,
            "int8 from representative photos",
            "Try --recipe qat_int8, which fine-tunes for int8, or int16x8.",
            True,
        ),
        Recipe(
            "qat_int8",
            True,
            True,
            0.004,
            0.04,
            "int8 after fine-tuning for it",
            "Fine-tune longer (--steps), or try --recipe int16x8.",
        ),
        Recipe(
            AI_EDGE,
            True,
            False,
            0.01,
            0.04,
            "int8 by AI Edge Quantizer, an optional package",
            "Try --recipe qat_int8, which fine-tunes for int8, or ptq_int8.",
            True,
        ),
        Recipe(
            "int16x8",
            False,
            False,
            0.002,
            0.005,
            "int16 activations, int8 weights",
            "Try --recipe float16.",
            True,
        ),
    )
}
