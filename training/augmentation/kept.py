"""Changed photos made once and shown again, for trainings whose time goes into changes.

A cross-validation shows the same photos to many networks. Each photo gets a few changed
versions; each time one of them is shown, at a random right angle, mirrored or not.
"""

from dataclasses import dataclass, field

import numpy as np

from training.augmentation.pipelines import Augmentation, Pixels


@dataclass(frozen=True)
class KeptVersions:
    """An augmentation that makes ``versions`` of each photo and each strength.

    Attributes:
        augmentation: makes them.
        versions: of each photo.
        made: by photo, size, strength and version. Photos are told apart as objects,
            and held here, so that none takes another one's place.
    """

    augmentation: Augmentation
    versions: int
    made: dict[tuple[int, int, float, int], tuple[Pixels, Pixels]] = field(
        default_factory=dict, repr=False
    )

    def __call__(
        self,
        square: Pixels,
        size_px: int,
        rng: np.random.Generator,
        strength: float = 1.0,
    ) -> Pixels:
        """One of the versions; shape ``(size_px, size_px, 3)``."""
        version = int(rng.integers(self.versions))
        key = id(square), size_px, strength, version
        if key not in self.made:
            made = self.augmentation(square, size_px, rng, strength)
            self.made[key] = square, made
        pixels = np.rot90(self.made[key][1], int(rng.integers(4)))
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels
