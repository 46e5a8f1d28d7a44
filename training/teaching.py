"""Trained networks that teach another one (Hinton et al. 2015, arXiv 1503.02531).

The pupil sees a changed photo; the teachers see the same change of the same photo, each
at its own input size, and the mean of their logits becomes part of the pupil's target
("function matching": Beyer et al. 2021, arXiv 2106.05237).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_runtime.errors import EdgeRuntimeError

# Share of the teachers' word in a target; the rest is the label's. Chosen once.
TEACHERS_SHARE = 0.8


class TeacherError(EdgeRuntimeError):
    """A teacher is missing or is no classifier of squares."""


@dataclass(frozen=True)
class Teachers:
    """Trained models with the sides of their square inputs.

    Attributes:
        models: each from pixels / 255 to a probability, ``(n, 1)``.
    """

    models: tuple[keras.Model, ...]

    @property
    def sizes_px(self) -> frozenset[int]:
        """Sides at which a photo has to be shown."""
        return frozenset(int(model.input_shape[1]) for model in self.models)

    def targets(
        self, views: Mapping[int, NDArray[np.float32]], labels: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """What the pupil shall say of one batch.

        Args:
            views: by side, the photos / 255, shape ``(n, side, side, 3)``.
            labels: 1 for malignant; shape ``(n, 1)``.

        Returns:
            Probabilities, shape ``(n, 1)``.
        """
        logits = np.mean(
            [
                _logit(np.asarray(model.predict_on_batch(views[model.input_shape[1]])))
                for model in self.models
            ],
            axis=0,
        )
        taught = 1 / (1 + np.exp(-logits))
        mixed = TEACHERS_SHARE * taught + (1 - TEACHERS_SHARE) * labels
        return np.asarray(mixed, np.float32)


def read_teachers(runs: Sequence[Path]) -> Teachers | None:
    """The models of finished runs, or none when none are named.

    Raises:
        TeacherError: when a folder holds no model that can teach.
    """
    return Teachers(tuple(_read(run / "model.keras") for run in runs)) if runs else None


def _read(path: Path) -> keras.Model:
    if not path.is_file():
        raise TeacherError(
            f"{path} is missing; --teacher takes folders of finished runs"
        )
    model = keras.models.load_model(path, compile=False)
    if model.output_shape != (None, 1):
        raise TeacherError(
            f"{path} gives {model.output_shape}; expected one probability, (None, 1)"
        )
    return model


def _logit(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = scores.astype(np.float64).clip(1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))
