"""A conditional adversarial network, the second that the published project tried.

What was missing there and makes it work on few photos: differentiable augmentation
(Zhao et al. 2020, arXiv 2006.10738), spectral normalisation (Miyato et al. 2018, arXiv
1802.05957), a projection discriminator that is told the condition (Miyato and Koyama
2018, arXiv 1802.05637), the hinge loss, and averaged weights.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.generating.layers import Augmented, conv, modulated

Floats = NDArray[np.float32]
LATENT = 128
LEARNING_RATE = 4e-4


class Gan:
    """Generator and discriminator in turns; see ``generators.Generator``."""

    noise_shape: tuple[int, ...] = (LATENT,)
    batch_size = 32

    def __init__(self, size_px: int, width: int, seed: int) -> None:
        """Freshly initialised; ``width`` is that of the conditions."""
        self._generator = _generator(size_px, width)
        self._discriminator = _discriminator(size_px, width, seed)
        # The generator learns through a copy whose weights stand still: every backend
        # then changes the generator alone.
        self._standing = _discriminator(size_px, width, seed + 1)
        self._standing.trainable = False
        noise, told = keras.Input((LATENT,)), keras.Input((width,))
        drawn = self._generator([noise, told])
        score = self._standing([drawn, told], training=False)
        self._fooling = keras.Model([noise, told], score)
        for network, loss, averaged in (
            (self._discriminator, keras.losses.Hinge(), {}),
            (self._fooling, _not_fooled, {"use_ema": True, "ema_momentum": 0.995}),
        ):
            network.compile(
                keras.optimizers.Adam(LEARNING_RATE, 0.5, 0.99, **averaged),
                loss,
                jit_compile=keras.backend.backend() == "jax",
            )
            network.optimizer.build(network.trainable_variables)

    @property
    def networks(self) -> tuple[keras.Model, ...]:
        """Whose variables and optimizers are all that a checkpoint needs."""
        return (self._discriminator, self._fooling)

    def learn(
        self, pixels: Floats, told: Floats, rng: np.random.Generator
    ) -> Mapping[str, float]:
        """A step of the discriminator, then one of the generator."""
        drawn = self.draw(_noise(rng, len(told)), told)
        judged = self._discriminator.train_on_batch(
            [np.concatenate([pixels, drawn]), np.concatenate([told, told])],
            np.repeat(np.array([1, -1], np.float32), len(told))[:, None],
        )
        self._standing.set_weights(self._discriminator.get_weights())
        fooled = self._fooling.train_on_batch(
            [_noise(rng, len(told)), told], np.ones((len(told), 1), np.float32)
        )
        return {
            "discriminator": float(np.ravel(judged)[0]),
            "generator": float(np.ravel(fooled)[0]),
        }

    def average(self) -> None:
        """Go over to the averaged weights; nothing can be learnt afterwards."""
        self._fooling.optimizer.finalize_variable_values(
            self._fooling.trainable_variables
        )

    def draw(self, noise: Floats, told: Floats) -> Floats:
        """Photos in [-1, 1]."""
        return np.asarray(self._generator.predict_on_batch([noise, told]))


def _noise(rng: np.random.Generator, count: int) -> Floats:
    return rng.standard_normal((count, LATENT), np.float32)


def _not_fooled(_: Any, score: Any) -> Any:
    return -ops.mean(score)


def _generator(size_px: int, width: int) -> keras.Model:
    noise, told = keras.Input((LATENT,)), keras.Input((width,))
    both = layers.Concatenate()([noise, told])
    side = size_px // 16
    values = layers.Dense(side * side * 192, name="dense")(both)
    values = layers.Reshape((side, side, 192))(values)
    for place, channels in enumerate((128, 64, 48, 16)):
        values = modulated(values, both, f"draw{place}")
        values = layers.UpSampling2D()(values)
        values = conv(channels, f"draw{place}_conv")(values)
    values = modulated(values, both, "drawn")
    pixels = conv(3, "pixels", activation="tanh")(values)
    return keras.Model([noise, told], pixels, name="generator")


def _discriminator(size_px: int, width: int, seed: int) -> keras.Model:
    pixels, told = keras.Input((size_px, size_px, 3)), keras.Input((width,))
    values = Augmented(seed, name="augmented")(pixels)
    for place, channels in enumerate((32, 64, 128, 192)):
        layer = conv(channels, f"judge{place}_conv", 4, strides=2)
        values = layers.SpectralNormalization(layer, name=f"judge{place}")(values)
        values = layers.Activation("silu")(values)
    values = layers.SpectralNormalization(conv(192, "last_conv"), name="last")(values)
    values = layers.GlobalAveragePooling2D()(layers.Activation("silu")(values))
    embedded = layers.Dense(192, use_bias=False, name="embedded")(told)
    fits = layers.Dot(1)([values, embedded])
    real = layers.SpectralNormalization(layers.Dense(1, name="dense"), name="real")
    return keras.Model([pixels, told], layers.Add()([real(values), fits]))
