"""What a generator has to be able to do, and the three that there are."""

from collections.abc import Callable, Mapping
from typing import Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from training.generating.flow import Flow
from training.generating.gan import Gan
from training.generating.vae import Vae

Floats = NDArray[np.float32]

SIZE_PX = 64
"""Side of the photos that generators learn and draw."""


class Generator(Protocol):
    """Learns photos in [-1, 1], ``(n, SIZE_PX, SIZE_PX, 3)``, and draws new ones.

    Attributes:
        noise_shape: of what one photo is drawn from.
        batch_size: photos a step.
    """

    noise_shape: tuple[int, ...]
    batch_size: int

    @property
    def networks(self) -> tuple[keras.Model, ...]:
        """Whose variables and optimizers are all that a checkpoint needs."""

    def learn(
        self, pixels: Floats, told: Floats, rng: np.random.Generator
    ) -> Mapping[str, float]:
        """One step; returns losses by name.

        Args:
            pixels: photos in [-1, 1].
            told: ``Conditions.vectors`` of them.
            rng: what is random in the step, but for layers with seeds of their own.
        """

    def average(self) -> None:
        """Go over to the averaged weights; nothing can be learnt afterwards."""

    def draw(self, noise: Floats, told: Floats) -> Floats:
        """Photos in [-1, 1] or near it.

        Args:
            noise: standard normal; shape ``(n, *noise_shape)``.
            told: ``Conditions.vectors`` of what is asked for.
        """


GENERATORS: Mapping[str, Callable[[int, int, int], Generator]] = {
    "vae": Vae,
    "gan": Gan,
    "flow": Flow,
}
"""By name; each takes the side in pixels, the width of the conditions and a seed."""
